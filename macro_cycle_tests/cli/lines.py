"""What a refusal at the command line looks like: one printable line, another exit code, nothing on standard output."""

Outcome = tuple[int, str, list[str]]  # exit code, standard output, lines of standard error


def errors_of(lines: list[str]) -> list[str]:
    return [line for line in lines if line.startswith("error:")]


def refused(outcome: Outcome, said: str = "", code: int | None = 1) -> str:
    """Assert that the outcome is a refusal (code None: as wrong usage or for another reason); its line."""
    left, out, lines = outcome
    assert left == code if code is not None else left in (1, 2)
    assert out == ""
    (line,) = errors_of(lines)
    assert said in line
    assert all(each.isprintable() for each in lines)
    assert not any("Traceback" in each for each in lines)
    return line
