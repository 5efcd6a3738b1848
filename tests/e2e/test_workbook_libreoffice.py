"""A delivered workbook, opened by LibreOffice: its sheets, its values, the text that must stay text, its print."""

from __future__ import annotations

import csv
import shutil
import subprocess
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest

from exporters import Delivery, deliver
from semantic import Result
from semantic.formats import Format
from tests.exporters.formats import formats_delivery
from tests.exporters.making import deliver_result, dimension, make_delivery, make_result, metric

BERLIN = "Europe/Berlin"
CSV = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,true,false,false,-1"  # every sheet, as displayed
HOSTILE = ["=1+1", "+1", "-1", "@x", "#N/A", "1e5", "_x0041_", " lead", "a\nb", "00123", "😀", "é"]


@pytest.fixture
def convert(need: Callable[[str, str], str], tmp_path: Path) -> Callable[[Path, str], Path]:
    """Return a function of a workbook and a target format that gives the folder with what LibreOffice made of it."""
    soffice = need("soffice", "libreoffice-calc-nogui")

    def converted(path: Path, target: str) -> Path:
        out = tmp_path / f"out-{target[:3]}"
        profile = f"-env:UserInstallation=file://{tmp_path / 'profile'}"
        command = [soffice, profile, "--headless", "--convert-to", target, "--outdir", str(out), str(path)]
        subprocess.run(command, check=True, capture_output=True, timeout=180)
        return out

    return converted


def sheet(folder: Path, title: str) -> list[list[str]]:
    (found,) = folder.glob(f"*-{title}.csv")
    with found.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def sent(delivery: Delivery, root: Path) -> Path:
    return root / deliver(delivery.export.destinations[0], delivery).files[0].path


def shown(result: Result) -> list[list[str]]:
    """What people should see of the trend: weeks, whole numbers, percents, numbers; the total by its name."""
    return [
        [str(week or "Total"), f"{users:,}", f"{activities:,}", f"{share:.1%}", f"{spend:,.2f}"]
        for week, users, activities, share, spend, _ in result.rows()
    ]


def test_libreoffice_shows_the_values_of_the_results(convert: Callable[[Path, str], Path], tmp_path: Path) -> None:
    delivery = make_delivery(tmp_path)
    folder = convert(sent(delivery, tmp_path), CSV)
    assert len(list(folder.iterdir())) == 4
    header, *rows = sheet(folder, "Trend")
    assert header == ["Week", "Active users", "Activities", "Login share", "Spend"]
    assert rows == shown(delivery.results["trend"])
    hours = sheet(folder, "Hours")[1:]
    assert [row[0] for row in hours[:3]] == ["2025-03-30 00:00", "2025-03-30 01:00", "2025-03-30 03:00"]
    assert [row[1] for row in hours[:3]] == ["+01:00", "+01:00", "+02:00"]
    assert sheet(folder, "About")[0][0] == "Engagement to 2025-04-06"


def test_libreoffice_computes_nothing_and_keeps_every_kind(
    convert: Callable[[Path, str], Path], tmp_path: Path
) -> None:
    columns = [
        dimension("text"), dimension("quarter", role="time", grain="quarter"), metric("long"), metric("money"),
        metric("share", format=Format(type="percent")), dimension("flag"), dimension("at", role="time", grain="second"),
    ]  # fmt: skip
    size = len(HOSTILE)
    arrays = [
        HOSTILE, [date(2025, 4, 1)] * size, [10**17 + 1] * size, [Decimal("1234.50")] * size, [0.125] * size,
        [True] * size, pa.array([datetime(2025, 1, 1, tzinfo=UTC)] * size, pa.timestamp("us", "Asia/Bangkok")),
    ]  # fmt: skip
    made = deliver_result(tmp_path, make_result(columns, arrays, "Asia/Bangkok"))
    rows = sheet(convert(sent(made.delivery, tmp_path), CSV), "Made")[1:]
    assert [row[0] for row in rows] == HOSTILE
    assert {tuple(row[1:]) for row in rows} == {
        ("2025-Q2", "100000000000000001", "1,234.50", "12.5%", "TRUE", "2025-01-01 07:00:00")
    }


def test_it_prints(convert: Callable[[Path, str], Path], need: Callable[[str, str], str], tmp_path: Path) -> None:
    pdftotext = need("pdftotext", "poppler-utils")
    (pdf,) = convert(sent(make_delivery(tmp_path), tmp_path), "pdf").iterdir()
    shutil.copy(pdf, tmp_path / "book.pdf")
    pages = subprocess.run([pdftotext, "-layout", str(pdf), "-"], check=True, capture_output=True, text=True).stdout
    assert pages.count("\f") == 4
    assert "What the numbers mean" in pages
    assert "Total" in pages


def test_formats_and_labels_are_shown_as_they_are_meant(convert: Callable[[Path, str], Path], tmp_path: Path) -> None:
    folder = convert(sent(formats_delivery(tmp_path), tmp_path), CSV)
    assert sheet(folder, "Money")[1:] == [
        ["Männer", "-EUR 1.01", "-JPY 1", "-KWD 1.005", "-0.0k 千", "-EUR 1.005", "1"],
        ["Frauen", "EUR 1,234.57", "JPY 1,235", "KWD 1,234.567", "1.2k 千", "EUR 1,234.567", "1"],
        ["x", "EUR 1,000,000.00", "JPY 1,000,000", "KWD 1,000,000.000", "1,000.0k 千", "EUR 500,000.000", "2"],
        ["(unknown)", "", "", "", "", "", "1"],
        ["Total", "EUR 1,001,233.56", "JPY 1,001,234", "KWD 1,001,233.562", "1,001.2k 千", "EUR 200,246.712", "5"],
    ]
    assert sheet(folder, "Time")[1:3] == [
        ["Männer", "-0:00:00.090000", "-0:01:30", "-1:30:00", "-90:00:00", "-2160:00:00", "150.00%", "150%"],
        ["Frauen", "0:00:05", "1:30:00", "90:00:00", "5400:00:00", "129600:00:00", "12.35%", "12%"],
    ]
    assert [row[0] for row in sheet(folder, "Member")[1:]] == ["Gast", "Mitglied", "(unknown)", "Total"]
    assert sheet(folder, "Labels")[1] == ["Mitglied", "三", "one and a half", "1"]
