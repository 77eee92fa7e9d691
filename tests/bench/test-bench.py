#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright 2026 The pas2vas authors
"""test-bench.py BENCH : on a small synthetic image, the builder and the baseline find as many
tables and mappings as there are. What is measured must be the same work."""

import json
import os
import subprocess
import sys
import tempfile

SPACES, PAGES = 20, 6000


def measure(bench, what, image):
    output = subprocess.run([bench, what, image, 'warm', '0'], check=True, stdout=subprocess.PIPE)
    return json.loads(output.stdout)


def main(bench):
    with tempfile.TemporaryDirectory() as folder:
        image = os.path.join(folder, 'image.raw')
        subprocess.run([bench, 'make', image, str(SPACES), str(PAGES)], check=True)
        built, plain = (measure(bench, what, image) for what in ('build', 'baseline'))
    print(built, plain, sep='\n')
    assert built['mappings'] == plain['mappings'] == SPACES * PAGES
    assert built['tables'] == plain['tables']


if __name__ == '__main__':
    main(sys.argv[1])
