"""The command line in this process."""

import pytest

from macro_cycle.cli import app as command_line


@pytest.fixture
def told(platform, capsys, monkeypatch):
    """Run the command line in this process: exit code, standard output and the lines of standard error."""

    def run(*arguments: str, **environment: str) -> tuple[int, str, list[str]]:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr("sys.argv", ["macro-cycle", *arguments])
        code = 0
        try:
            command_line.main()
        except SystemExit as left:
            code = int(left.code or 0)
        output = capsys.readouterr()
        return code, output.out, [line for line in output.err.splitlines() if line.strip()]

    return run
