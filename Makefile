demo test lint types docs bench wheel setup: ; @python3 dev.py $@
.PHONY: demo test lint types docs bench wheel setup
