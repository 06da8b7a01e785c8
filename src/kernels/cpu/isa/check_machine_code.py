#!/usr/bin/env python3
"""Compiles one file of src/kernels/cpu/isa as a release build does and checks its machine code.

1. It defines no symbol that the linker could share with other files (weak or unique): such a copy
   of an inline function would hold instructions that older machines lack.
2. The inner loop of every tile keeps its accumulators in registers: as many multiply-adds as the
   tile has registers, and no vector move to or from the stack.

usage: check_machine_code.py <compiler> <source> <flag>...
"""

import re
import subprocess
import sys
import tempfile

TILE = re.compile(r"^[0-9a-f]+ <.*Tile<.*, (\d+), (\d+)(?:, .*)?>\(.*\)>:$")
PRODUCT = re.compile(r"^v?f?n?m(add|ul)\w*ps$|^vpdpbusd$|^v?pmaddwd$|^v?pmullw$")
INSTRUCTION = re.compile(r"^\s*([0-9a-f]+):\s+(?:\{vex\}\s+)?(\S+)\s*(.*)$")
STACK_MOVE = re.compile(r"^v?mov[aud]\w*$")


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def shared_symbols(obj):
    for line in run("nm", "-C", "--defined-only", obj).splitlines():
        _, kind, name = line.split(" ", 2)
        if kind in "WVu" and not name.startswith("DW.ref."):
            yield name


def tiles(obj):
    """Yields (rows, registers, instructions as (address, name, operands)) for each tile."""
    size, body = None, []
    for line in run("objdump", "-d", "-C", "--no-show-raw-insn", obj).splitlines():
        if head := TILE.match(line):
            size, body = (int(head[1]), int(head[2])), []
        elif not line.strip():
            if size:
                yield *size, body
            size = None
        elif size and (instruction := INSTRUCTION.match(line)):
            body.append((int(instruction[1], 16), instruction[2], instruction[3]))
    if size:
        yield *size, body


def loops(body):
    """The instructions between each backward jump's target and the jump."""
    for address, name, operands in body:
        if name.startswith("j") and (target := re.match(r"([0-9a-f]+)", operands)):
            if int(target[1], 16) < address:
                yield [i for i in body if int(target[1], 16) <= i[0] <= address]


def faults_of_tile(rows, regs, body):
    is_product = lambda name: PRODUCT.match(name)
    inner = [l for l in loops(body) if any(is_product(name) for _, name, _ in l)]
    if not inner:
        yield "no loop with products"
        return
    for loop in inner:
        products = sum(1 for _, name, _ in loop if is_product(name))
        if products % (rows * regs) != 0:
            yield f"{products} products in a loop, not a multiple of {rows * regs}"
        spills = [o for _, name, o in loop
                  if STACK_MOVE.match(name) and re.search(r"%[xyz]mm", o) and re.search(r"\(%r[sb]p", o)]
        if spills:
            yield f"{len(spills)} vector moves to or from the stack"


def main():
    compiler, source, *flags = sys.argv[1:]
    with tempfile.NamedTemporaryFile(suffix=".o") as obj:
        run(compiler, *flags, "-c", source, "-o", obj.name)
        faults = [f"shared symbol {name}" for name in shared_symbols(obj.name)]
        count = 0
        for rows, regs, body in tiles(obj.name):
            count += 1
            faults += [f"tile {rows} x {regs}: {f}" for f in faults_of_tile(rows, regs, body)]
    if count == 0:
        faults.append("no tiles found")
    print(f"{source}: {count} tiles", *faults, sep="\n  ")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
