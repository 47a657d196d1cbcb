from __future__ import annotations

import csv
import json

import pytest

from inpaint.report import Report, Row

INF = float("inf")


def row(method: str, photo: str, **values) -> Row:
    measured = dict.fromkeys(("psnr", "psnr_hole", "ssim", "lpips", "l1", "seconds"), 0.5)
    measured |= {"hole_ratio": 0.15, "height": 8, "width": 9}
    return Row(method, photo, **(measured | values))


@pytest.fixture
def report():
    return Report(
        rows=(
            row("net", "a.png", psnr=20.0, hole_ratio=0.05),
            row("net", "b.png", psnr=30.0, lpips=None),
            row("net", "c.png", psnr=INF, psnr_hole=INF),
            Row("net", "d.png", error="cannot be read"),
            row("telea", "a.png", psnr=INF, psnr_hole=INF, hole_ratio=0.05),
        ),
        environment={"cpu": "some"},
        settings={"masks": "everyday"},
    )


def test_means_leave_out_what_is_infinite_missing_or_failed(report):
    means = report.means()
    assert list(means) == ["net", "telea"]
    assert (
        means["net"] | {"psnr": 25.0, "psnr_infinite": 1, "photos": 3, "failed": 1} == means["net"]
    )
    assert means["net"]["lpips"] == 0.5
    assert means["telea"]["psnr"] is None
    assert means["telea"]["psnr_infinite"] == means["telea"]["psnr_hole_infinite"] == 1


@pytest.mark.parametrize(
    ("ratio", "bucket"),
    [
        (0.01, "others"),
        (0.02, "2-10 %"),
        (0.1, "10-20 %"),
        (0.25, "20-30 %"),
        (0.3999, "30-40 %"),
        (0.4, "40-60 %"),
        (0.6, "40-60 %"),
        (0.61, "others"),
        (None, None),
    ],
)
def test_buckets(ratio, bucket):
    assert row("net", "a.png", hole_ratio=ratio).bucket == bucket


def test_by_hole_ratio_has_the_buckets_that_occur_in_order(report):
    buckets = report.by_hole_ratio()
    assert list(buckets) == ["2-10 %", "10-20 %"]
    assert buckets["2-10 %"]["net"]["psnr"] == 20
    assert buckets["10-20 %"]["net"]["photos"] == 2
    assert list(buckets["10-20 %"]) == ["net"]


def test_table_is_aligned_markdown(report):
    lines = report.table().splitlines()
    assert len({len(line) for line in lines}) == 1
    assert lines[0].split("|")[1].strip() == "method"
    assert lines[2].split("|")[3].strip() == "25.00"
    assert lines[3].split("|")[3].strip() == "inf"
    assert set(lines[1]) <= set("|-: ")
    assert lines[1].count("|") == lines[0].count("|")


def test_table_by_hole_ratio(report):
    lines = report.table(by_hole_ratio=True).splitlines()
    assert [line.split("|")[1].strip() for line in lines[2:]] == ["2-10 %", "2-10 %", "10-20 %"]
    assert [line.split("|")[2].strip() for line in lines[2:]] == ["net", "telea", "net"]


def test_json_says_all_without_infinities(report, tmp_path):
    json_path, _ = report.write(tmp_path / "new" / "folder")

    def refuse(constant):
        raise AssertionError(f"{constant} is no JSON")

    content = json.loads(json_path.read_text(encoding="utf-8"), parse_constant=refuse)
    assert content["environment"] == {"cpu": "some"}
    assert content["settings"] == {"masks": "everyday"}
    assert content["means"] == report.means()
    assert content["by_hole_ratio"] == report.by_hole_ratio()
    assert len(content["rows"]) == 5
    assert content["rows"][2]["psnr"] is None
    assert content["rows"][2]["error"] is None
    assert content["rows"][3]["error"] == "cannot be read"


def test_csv_has_a_line_a_row(report, tmp_path):
    _, csv_path = report.write(tmp_path)
    with open(csv_path, encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    assert [(line["method"], line["photo"]) for line in lines][3:] == [
        ("net", "d.png"),
        ("telea", "a.png"),
    ]
    assert lines[0]["psnr"] == "20.0"
    assert lines[2]["psnr"] == ""
    assert lines[3]["error"] == "cannot be read"


def test_files_are_replaced_whole(report, tmp_path, monkeypatch):
    report.write(tmp_path)
    before = (tmp_path / "report.json").read_bytes()

    def fail(*_):
        raise OSError("disk full")

    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(OSError, match="disk full"):
        Report(rows=()).write(tmp_path)
    assert (tmp_path / "report.json").read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["report.csv", "report.json"]


def test_failures_are_the_rows_with_an_error(report):
    assert [row.photo for row in report.failures] == ["d.png"]
