#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright 2026 The pas2vas authors
"""test-readme.py README PAS2VAS IMAGE EXAMPLE : what README.md shows is what happens. Runs the
commands "$ pas2vas ...", "$ strings ..." and "$ ./example ..." of its console blocks on the demo
image and compares what is printed, standard error included, word for word. EXAMPLE was compiled
from the C in README.md."""

import re
import shlex
import subprocess
import sys


def blocks(readme, language):
    with open(readme, encoding='utf-8') as f:
        return re.findall(rf'^```{language}\n(.*?)^```', f.read(), flags=re.S | re.M)


def commands(readme):
    """(command line, the text shown below it) of every console block."""
    for block in blocks(readme, 'console'):
        for shown in re.split(r'^\$ ', block, flags=re.M)[1:]:
            line, _, output = shown.partition('\n')
            yield line, output


def run(program, arguments):
    result = subprocess.run(
        [program, *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
    )
    return result.stdout.decode(), result.returncode


def run_pipeline(line, pas2vas, image):
    """A command of README.md that begins with strings and pipes into pas2vas."""
    line = line.replace('linux-tiny.raw', shlex.quote(image))
    line = line.replace('| pas2vas ', f'| {shlex.quote(pas2vas)} ')
    result = subprocess.run(
        line, shell=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
    )
    return result.stdout.decode(), result.returncode


def main(readme, pas2vas, image, example):
    compared = differing = 0
    for line, wanted in commands(readme):
        words = shlex.split(line)
        if words[0] not in ('pas2vas', './example', 'strings'):
            continue
        program = pas2vas if words[0] == 'pas2vas' else example
        arguments = [image if word.endswith('linux-tiny.raw') else word for word in words[1:]]
        if words[0] == 'strings':
            got, status = run_pipeline(line, pas2vas, image)
        else:
            got, status = run(program, arguments)
        compared += 1
        if got != wanted or status != 0:
            differing += 1
            print(
                f'$ {line}\nREADME.md shows:\n{wanted}but with status {status} it printed:\n{got}'
            )
    print(f'{compared} commands compared, {differing} differ')
    return 1 if differing or compared < 2 else 0


if __name__ == '__main__':
    if sys.argv[1] == '--extract':
        with open(sys.argv[3], 'w', encoding='utf-8') as f:
            f.write(blocks(sys.argv[2], 'c')[0])
    else:
        sys.exit(main(*sys.argv[1:]))
