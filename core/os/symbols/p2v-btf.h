/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* The BPF Type Format: a kernel's own description of its structures.
 * Source for the format: Linux Documentation/bpf/btf.rst and include/uapi/linux/btf.h (6.12). */

#pragma once

#include "os/symbols/p2v-type-source.h"

/* Checks and indexes a whole blob; P2V_OS_ERROR_CORRUPT tells the offset of what is wrong. Keeps a
 * reference to @bytes, which begin with the header. */
G_GNUC_WARN_UNUSED_RESULT
P2vTypeSource *p2v_btf_parse       (GBytes               *bytes,
                                    GError              **error);
/* @btf: from p2v_btf_parse(). */
guint          p2v_btf_get_n_types (const P2vTypeSource  *btf);
