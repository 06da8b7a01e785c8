#!/usr/bin/env python3
"""Draws what `make bench` and `make bench-peers` have written, as the PNG files of docs/plots.

    make plots                                  or, by hand, with the interpreter of the peers' environment:
    build/venv-peers/bin/python bench/plot.py --from build --to docs/plots --suffix zen3

One plot for each file that is there: forward-*.json (per cent of the core's peak by length) and peers-*.json
(texts a second beside onnxruntime's in the same round). Bars are medians, lines the least and the most of all rounds.
"""

import argparse
import json
import pathlib
import statistics

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402  (the backend first)

# The ratios to onnxruntime's batches of 8 that each kind of texts is meant to reach.
TARGETS = {
    "embd float32": {"short": 1.7, "medium": 1.7, "long": 1.3, "mix": 3.5},
    "embd int8": {"short": 4.5, "medium": 5.0, "long": 2.8, "mix": 11.0},
}
BASELINE = "onnxruntime"


def bars(axes, groups, names, values, targets=None):
    """values[name][group] is a list, one number a round."""
    width = 0.8 / len(names)
    for i, name in enumerate(names):
        places = [g + (i - (len(names) - 1) / 2) * width for g in range(len(groups))]
        medians = [statistics.median(values[name][group]) for group in groups]
        spread = [[m - min(values[name][g]) for m, g in zip(medians, groups)], [max(values[name][g]) - m for m, g in zip(medians, groups)]]
        drawn = axes.bar(places, medians, width * 0.92, yerr=spread, capsize=2, error_kw={"linewidth": 0.8}, label=name)
        axes.bar_label(drawn, [f"{m:.3g}" for m in medians], fontsize=7, padding=2)
        for place, group in zip(places, groups):
            if target := (targets or {}).get(name, {}).get(group):
                axes.hlines(target, place - width / 2, place + width / 2, colors="black", linestyles="dotted", linewidth=1.5)
    axes.set_xticks(range(len(groups)), groups)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, fontsize=8)


def save(figure, folder, name):
    folder.mkdir(parents=True, exist_ok=True)
    figure.savefig(folder / f"{name}.png", dpi=100, bbox_inches="tight")
    plt.close(figure)
    print(folder / f"{name}.png")


def plot_forward(files, folder, suffix):
    values, groups, isas = {}, [], set()
    for file in files:
        document = json.loads(file.read_text())
        isas.add(document["isa"])
        groups = [f"{step['sequences']} x {step['tokens']}" for step in document["steps"]]
        values[document["dtype"]] = {g: [100 * v for v in step["of_peak"]] for g, step in zip(groups, document["steps"])}
    if not values:
        return
    figure, axes = plt.subplots(figsize=(7, 3.6))
    bars(axes, groups, list(values), values)
    axes.axhline(80, color="black", linestyle="dotted", linewidth=1.5)
    axes.set_ylim(0, 100)
    axes.set_ylabel("% of the peak in the same moment")
    axes.set_xlabel("sequences x tokens in a step")
    axes.set_title(f"The whole forward pass, one core, {'/'.join(sorted(isas))} (dotted: aim for float32)", fontsize=10)
    save(figure, folder, f"forward-{suffix}")


def plot_peers(file, folder, suffix):
    document = json.loads(file.read_text())
    results = {name: r for name, r in document["results"].items() if r["unit"] == "texts/s"}
    if not results:
        return
    names = [name for name in next(iter(results.values()))["rounds"][0] if name != BASELINE]
    values = {n: {g: [numbers[n] / numbers[BASELINE] for numbers in r["rounds"]] for g, r in results.items()} for n in names}
    figure, axes = plt.subplots(figsize=(9, 4))
    bars(axes, list(results), names, values, TARGETS if "minilm" in file.stem else None)
    axes.axhline(1, color="grey", linewidth=0.8)
    axes.set_yscale("log")
    axes.set_ylabel(f"texts a second, x {BASELINE} in batches of 8")
    axes.set_title(f"{pathlib.Path(document['model']).name}, {document['cores']} cores, {document['cpu']} (dotted: aims)", fontsize=10)
    save(figure, folder, f"{file.stem}-{suffix}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--from", dest="source", default="build", help="folder of the JSON files")
    parser.add_argument("--to", default="docs/plots", help="folder for the PNG files")
    parser.add_argument("--suffix", required=True, help="the machine, for the files' names")
    args = parser.parse_args()
    source, folder = pathlib.Path(args.source), pathlib.Path(args.to)
    plot_forward(sorted(source.glob("forward-*.json")), folder, args.suffix)
    for file in sorted(source.glob("peers-*.json")):
        plot_peers(file, folder, args.suffix)


if __name__ == "__main__":
    main()
