#!/usr/bin/env python3
"""Compiles one file of src/kernels/cpu/isa as a release build does and checks its machine code.

1. It defines no symbol that the linker could share with other files (weak or unique): such a copy
   of an inline function would hold instructions that older machines lack.
2. Every tile that the file should have is there, and its inner loop keeps the accumulators in
   registers: as many multiply-adds as the tile has registers, or a multiple, and no operand on the
   stack.
3. Neither has a vector instruction in the other loops that run for every token: softmax, what a
   distance adds to scores, norms, the rounding of activations, activation functions.

Where g++ 12 runs out of registers today, LEFT_ON_THE_STACK says so; more is a fault.

usage: check_machine_code.py <nm> <objdump> <compiler> <source> <flag>...
"""

import itertools
import pathlib
import re
import subprocess
import sys
import tempfile
from collections import Counter
from typing import Iterator, NamedTuple

# Rows and registers of the largest tile of each kind; the matrix unit of amx_int8 has its tiles in
# hardware. Those of floats come in two layouts, and those of integers, where weights are multiplied
# as 16-bit integers, for weights as they are packed and for widened ones.
WIDENING = ("avx2", "avx512")
TILES = {
    "portable": {"Tile": (6, 2), "Int8Tile": (4, 2)},
    "avx2": {"Tile": (6, 2), "Int8Tile": (6, 2)},
    "avx_vnni": {"Int8Tile": (6, 2)},
    "avx512": {"Tile": (9, 3), "Int8Tile": (8, 3)},
    "avx512_vnni": {"Int8Tile": (9, 3)},
    "amx_int8": {},
    "neon": {"Tile": (7, 3), "Int8Tile": (7, 3)},
    "neon_dotprod": {"Int8Tile": (7, 3)},
    "neon_i8mm": {"RunTile": (3, 3)},  # in pairs of rows, whose sums are two registers
}

# Operands of vector instructions in one turn of a loop of that kind. The maxima of softmax, which
# it only reads, and constants of GELU do not fit sixteen registers. NEON's tile of integers has
# registers enough, but g++ 12 computes many products before it adds the first; written out as in
# avx2_registers.h it would be no faster where instructions wait for their operands in a queue, and
# half as fast where they do not (by the models of Cortex-A72 and A53 in llvm-mca 14).
LEFT_ON_THE_STACK = {
    "portable": {"softmax": 2, "activation": 11},
    "avx2": {"softmax": 2, "activation": 6},
    "avx_vnni": {"activation": 6},
    "neon": {"Int8Tile": 12},
}

FUNCTION = re.compile(r"^[0-9a-f]+ <(.*)>:$")
INSTRUCTION = re.compile(r"^\s*([0-9a-f]+):\s+(?:\{vex\}\s+)?(\S+)\s*(.*)$")
TILE = re.compile(r"\b(Tile|Int8Tile|RunTile)<(?:.*, )?(\d+), (\d+)(?:, .*)?>\(")


class Instruction(NamedTuple):
    address: int
    name: str
    operands: str


Code = list[tuple[str, list[Instruction]]]  # functions by name


class Loop(NamedTuple):
    body: list[Instruction]
    is_straight: bool  # without jumps but the one at its end


class Machine(NamedTuple):
    """How an architecture's assembly reads: of names and of operands, or of both together."""

    comment: re.Pattern
    jump: re.Pattern
    vector: re.Pattern  # operands
    stack: re.Pattern  # operands
    store: re.Pattern  # both: its memory operand is written
    product: re.Pattern  # of floats, and of pairs of or more integers
    times_power_of_two: re.Pattern  # both: the shift to an exponent's place
    to_integer: re.Pattern
    add: re.Pattern
    move: re.Pattern


X86 = Machine(
    comment=re.compile(r"\s*(?:#|<).*$"),
    jump=re.compile(r"^j"),
    vector=re.compile(r"%[xyz]mm"),
    stack=re.compile(r"\(%r[sb]p\b"),
    store=re.compile(r"^v?mov\w* .*\)$"),
    product=re.compile(r"^v?f?n?m(add|ul)\w*ps$|^vpdpbusd$|^v?pmaddwd$|^v?pmullw$"),
    times_power_of_two=re.compile(r"^v?pslld \$0x17,"),
    to_integer=re.compile(r"^v?cvtps2dq$"),
    add=re.compile(r"^v?addps$"),
    move=re.compile(r"^v?mov"),
)
ARM64 = Machine(
    comment=re.compile(r"\s*(?://|<).*$"),
    jump=re.compile(r"^(b|b\..*|cbn?z|tbn?z)$"),
    vector=re.compile(r"\b[qvds]\d+\b"),
    stack=re.compile(r"\[(sp|x29)\b"),
    store=re.compile(r"^st"),
    product=re.compile(r"^fml[as]$|^fmul$|^smull2?$|^[su]dot$|^smmla$"),
    times_power_of_two=re.compile(r"^shl .*, #23$"),
    to_integer=re.compile(r"^fcvtns$"),
    add=re.compile(r"^fadd$"),
    move=re.compile(r"^(ld|st)"),
)


def run(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def shared_symbols(nm: str, obj: str) -> Iterator[str]:
    for line in run(nm, "-C", "--defined-only", obj).splitlines():
        _, kind, name = line.split(" ", 2)
        if kind in "WVu" and not name.startswith("DW.ref."):
            yield name


def functions(objdump: str, obj: str, machine: Machine) -> Iterator[tuple[str, list[Instruction]]]:
    name, body = "", []
    for line in run(objdump, "-d", "-C", "--no-show-raw-insn", obj).splitlines():
        if head := FUNCTION.match(line):
            if name:
                yield name, body
            name, body = head[1], []
        elif name and (found := INSTRUCTION.match(line)):
            operands = machine.comment.sub("", found[3])
            body.append(Instruction(int(found[1], 16), found[2], operands))
    if name:
        yield name, body


def inner_loops(machine: Machine, body: list[Instruction]) -> list[Loop]:
    """What lies between a backward jump's target and the jump, and has no such part itself."""
    ranges = set()
    for address, name, operands in body:
        if machine.jump.match(name) and (target := re.search(r"(?:^|, )([0-9a-f]+)$", operands)):
            if int(target[1], 16) <= address:
                ranges.add((int(target[1], 16), address))
    loops = []
    for begin, end in sorted(ranges):
        if any(begin <= b and e <= end and (b, e) != (begin, end) for b, e in ranges):
            continue
        inside = [i for i in body if begin <= i.address <= end]
        loops.append(Loop(inside, not any(machine.jump.match(i.name) for i in inside[:-1])))
    return loops


def stack_operands(machine: Machine, loop: Loop) -> int:
    return sum(1 for i in loop.body if machine.stack.search(i.operands))


def vectors(machine: Machine, loop: Loop) -> list[Instruction]:
    return [i for i in loop.body if machine.vector.search(i.operands)]


def vector_reads_of_stack(machine: Machine, loop: Loop) -> int:
    """Only reads: the way to memory of a row's last columns leads over the stack on some machines."""
    on_stack = [i for i in vectors(machine, loop) if machine.stack.search(i.operands)]
    return sum(1 for i in on_stack if not machine.store.match(f"{i.name} {i.operands}"))


def kind_of(machine: Machine, function: str, loop: Loop) -> str:
    """What a loop that is not a tile's does; "" where that does not matter here."""
    names = [i.name for i in vectors(machine, loop)]
    has_power = any(machine.times_power_of_two.match(f"{i.name} {i.operands}") for i in loop.body)
    if "AttentionKernel<" in function:
        if has_power and loop.is_straight:
            return "softmax"
        is_sum = any(map(machine.add.match, names))
        if is_sum and all(machine.add.match(n) or machine.move.match(n) for n in names):
            return "distance"
    if "LinearKernel<" in function:
        if has_power or "vpermps" in names:  # which looks up GELU in a table
            return "activation"
        if loop.is_straight and any(map(machine.to_integer.match, names)):
            return "rounding"
    return "norm" if "NormKernel<" in function and loop.is_straight and names else ""


def faults_of_tile(machine: Machine, sums: int, body: list[Instruction], left: int) -> Iterator[str]:
    hot = 0
    for loop in inner_loops(machine, body):
        products = sum(1 for i in loop.body if machine.product.match(i.name))
        if products == 0:
            continue
        hot += 1
        if products % sums != 0:
            yield f"{products} products in a loop, not a multiple of {sums}"
        if (count := stack_operands(machine, loop)) > left:
            yield f"{count} operands on the stack in a loop, {left} are known"
    if hot == 0:
        yield "no loop with products"


def faults_of_tiles(machine: Machine, stem: str, code: Code) -> Iterator[str]:
    found, wanted = Counter(), Counter()
    for function, body in code:
        if tile := TILE.search(function):
            kind, rows, regs = tile[1], int(tile[2]), int(tile[3])
            found[kind, rows, regs] += 1
            left = LEFT_ON_THE_STACK.get(stem, {}).get(kind, 0)
            sums = rows * regs * (2 if kind == "RunTile" else 1)
            for fault in faults_of_tile(machine, sums, body, left):
                yield f"{kind} {rows} x {regs}: {fault}"
    for kind, (rows, regs) in TILES[stem].items():
        for row, reg in itertools.product(range(rows), range(regs)):
            wanted[kind, row + 1, reg + 1] = 2 if kind == "Tile" or stem in WIDENING else 1
    for kind, rows, regs in sorted(found | wanted):
        there, due = found[kind, rows, regs], wanted[kind, rows, regs]
        if there != due:
            yield f"{kind} {rows} x {regs}: {there} such functions, expected {due}"


def faults_of_loops(machine: Machine, stem: str, code: Code) -> Iterator[str]:
    wanted = {"activation", "softmax", "distance", "norm"} if "Tile" in TILES[stem] else {"activation"}
    if stem != "portable":  # which rounds by adding a large number
        wanted.add("rounding")
    found = set()
    for function, body in code:
        for loop in inner_loops(machine, body):
            if not (kind := kind_of(machine, function, loop)):
                continue
            found.add(kind)
            left = LEFT_ON_THE_STACK.get(stem, {}).get(kind, 0)
            if (count := vector_reads_of_stack(machine, loop)) > left:
                where = f"{loop.body[0].address:x} of {function}"
                yield f"{kind}: {count} vector operands on the stack in a loop at {where}, {left} are known"
    if found != wanted:
        yield f"found loops of {sorted(found)}, expected {sorted(wanted)}"


def main() -> int:
    nm, objdump, compiler, source, *flags = sys.argv[1:]
    stem = pathlib.Path(source).stem
    with tempfile.NamedTemporaryFile(suffix=".o") as obj:
        run(compiler, *flags, "-c", source, "-o", obj.name)
        machine = ARM64 if "aarch64" in run(objdump, "-f", obj.name) else X86
        faults = [f"shared symbol {name}" for name in shared_symbols(nm, obj.name)]
        code = list(functions(objdump, obj.name, machine))
    faults += faults_of_tiles(machine, stem, code)
    faults += faults_of_loops(machine, stem, code)
    print(f"{source}: {sum(1 for name, _ in code if TILE.search(name))} tiles", *faults, sep="\n  ")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
