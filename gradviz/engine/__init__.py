"""The autograd engine: values on a tape, and what is built of them."""
