"""Property tests look at no clock: the machine may be busy with something else."""

from hypothesis import settings

settings.register_profile("no clock", deadline=None)
settings.load_profile("no clock")
