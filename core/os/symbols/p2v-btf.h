/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* The BPF Type Format: a kernel's own description of its structures.
 * Source for the format: Linux Documentation/bpf/btf.rst and include/uapi/linux/btf.h (6.12). */

#pragma once

#include <glib.h>

typedef struct _P2vBtf P2vBtf;

/* Checks and indexes a whole blob; P2V_OS_ERROR_CORRUPT tells the offset of what is wrong. Keeps a
 * reference to @bytes, which begin with the header. */
P2vBtf   *p2v_btf_parse       (GBytes       *bytes,
                               GError      **error);
void      p2v_btf_free        (P2vBtf       *self);
guint     p2v_btf_get_n_types (const P2vBtf *self);
/* Finds a member by the path "a.b.c" from a struct or union named @type_name; members of unnamed
 * structs and unions count as their parent's. Of several types with that name the first that has
 * the member is meant. Results are in bytes; FALSE if there is no such type or member, or for
 * bit-fields. */
G_GNUC_WARN_UNUSED_RESULT
gboolean  p2v_btf_find_member (const P2vBtf *self,
                               const char   *type_name,
                               const char   *member_path,
                               guint32      *ret_offset_bytes,
                               guint32      *ret_size_bytes);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (P2vBtf, p2v_btf_free)
