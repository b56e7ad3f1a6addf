"""What can go wrong between the service and its database, in the words the rest of the service uses."""


class StoreUnavailable(Exception):
    """The database did not answer; the same question may be answered later."""

    retry = True


class QuestionRefused(ValueError):
    """The database cannot take a value of the question; asking the same again cannot help."""

    retry = False
