import io

from tee_infra.engine.progress import Progress, report_to


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_elsewhere_every_line_is_plain():
    stream = io.StringIO()
    report = report_to(stream)

    report(Progress("1 of 2"))
    report("done")

    assert stream.getvalue() == "1 of 2\ndone\n"


def test_on_a_terminal_the_next_line_takes_the_place_of_progress_and_of_nothing_else():
    stream = Terminal()
    report = report_to(stream)

    report("first")
    report(Progress("1 of 2"))
    report(Progress("2 of 2"))
    report("done")
    report("last")

    assert stream.getvalue() == "first\n1 of 2\r\033[K2 of 2\r\033[Kdone\nlast\n"


def test_a_line_wider_than_the_terminal_is_cut_so_that_it_can_be_written_over(monkeypatch):
    monkeypatch.setenv("COLUMNS", "20")
    stream = Terminal()

    report_to(stream)(Progress("x" * 100))

    assert stream.getvalue() == "x" * 19
