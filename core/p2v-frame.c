/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include "p2v-frame.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>

/* The ids are the words of CSV, JSON and --kind, and never change; a title can stand behind
 * "it is". */
static const struct
{
  const char *id;
  const char *title;
} kinds[P2V_FRAME_N_KINDS] = {
  [P2V_FRAME_KIND_UNKNOWN] = { "unknown", N_("memory of which no more is known") },
  [P2V_FRAME_KIND_NOT_IN_IMAGE] = { "not-in-image", N_("not in the image") },
  [P2V_FRAME_KIND_NOT_RAM] = { "not-ram", N_("not memory") },
  [P2V_FRAME_KIND_FIRMWARE] = { "firmware", N_("memory of the firmware") },
  [P2V_FRAME_KIND_RESERVED] = { "reserved", N_("reserved memory") },
  [P2V_FRAME_KIND_BAD] = { "bad", N_("memory with a hardware error") },
  [P2V_FRAME_KIND_OFFLINE] = { "offline", N_("offline") },
  [P2V_FRAME_KIND_FREE] = { "free", N_("free") },
  [P2V_FRAME_KIND_ZEROED] = { "zeroed", N_("free and zeroed") },
  [P2V_FRAME_KIND_STANDBY] = { "standby", N_("on standby") },
  [P2V_FRAME_KIND_MODIFIED] = { "modified", N_("modified, and left by its owner") },
  [P2V_FRAME_KIND_TRANSITION] = { "transition", N_("in transition") },
  [P2V_FRAME_KIND_ANONYMOUS] = { "anonymous", N_("anonymous memory of processes") },
  [P2V_FRAME_KIND_FILE] = { "file", N_("cached contents of a file") },
  [P2V_FRAME_KIND_HUGE] = { "huge", N_("a part of the pool of huge pages") },
  [P2V_FRAME_KIND_ZERO_PAGE] = { "zero-page", N_("the page of zeros") },
  [P2V_FRAME_KIND_SHARED_WITH_USER] = { "shared-with-user",
                                        N_("kernel memory that processes see") },
  [P2V_FRAME_KIND_COMPRESSED] = { "compressed", N_("compressed memory") },
  [P2V_FRAME_KIND_PAGE_TABLE] = { "page-table", N_("a page table") },
  [P2V_FRAME_KIND_KERNEL_STACK] = { "kernel-stack", N_("a kernel stack") },
  [P2V_FRAME_KIND_SLAB] = { "slab", N_("a slab of kernel objects") },
  [P2V_FRAME_KIND_POOL] = { "pool", N_("a pool of kernel objects") },
  [P2V_FRAME_KIND_VMALLOC] = { "vmalloc", N_("virtually contiguous kernel memory") },
  [P2V_FRAME_KIND_MODULE] = { "module", N_("a part of a kernel module") },
  [P2V_FRAME_KIND_PER_CPU] = { "per-cpu", N_("per-processor data of the kernel") },
  [P2V_FRAME_KIND_FRAME_TABLE] = { "frame-table", N_("a part of the system's table of frames") },
  [P2V_FRAME_KIND_KERNEL_CODE] = { "kernel-code", N_("code of the kernel's image") },
  [P2V_FRAME_KIND_KERNEL_DATA] = { "kernel-data", N_("data of the kernel's image") },
  [P2V_FRAME_KIND_KERNEL_OTHER] = { "kernel-other", N_("other memory of the kernel") },
};

/* By bit. The words are those of Linux' page-types where it has one. */
static const char *const flag_names[] = {
  "locked",    "error",       "referenced", "uptodate", "dirty",     "lru",
  "active",    "slab",        "writeback",  "reclaim",  "buddy",     "mmap",
  "anonymous", "swapcache",   "swapbacked", "head",     "tail",      "huge",
  "unevictable", "hwpoison",  "nopage",     "ksm",      "thp",       "offline",
  "zero-page", "pgtable",     "reserved",   "mlocked",  "private",
};

/**
 * p2v_frame_kind_get_id:
 * @kind: a kind
 *
 * Gets the word for it in CSV, JSON and on the command line; never translated.
 *
 * Returns: (transfer none): the word, such as "page-table"
 */
const char *
p2v_frame_kind_get_id (P2vFrameKind kind)
{
  g_return_val_if_fail ((guint) kind < P2V_FRAME_N_KINDS, NULL);
  return kinds[kind].id;
}

/**
 * p2v_frame_kind_get_title:
 * @kind: a kind
 *
 * Gets words for it.
 *
 * Returns: (transfer none): a translated phrase for "it is ...", without a full stop
 */
const char *
p2v_frame_kind_get_title (P2vFrameKind kind)
{
  g_return_val_if_fail ((guint) kind < P2V_FRAME_N_KINDS, NULL);
  return _(kinds[kind].title);
}

/**
 * p2v_frame_kind_from_id:
 * @id: what may be the id of a kind
 * @ret_kind: (out): the kind
 *
 * Finds the kind that p2v_frame_kind_get_id() calls so.
 *
 * Returns: %FALSE if there is none
 */
gboolean
p2v_frame_kind_from_id (const char   *id,
                        P2vFrameKind *ret_kind)
{
  g_return_val_if_fail (id != NULL && ret_kind != NULL, FALSE);

  for (guint i = 0; i < P2V_FRAME_N_KINDS; i++)
    if (g_str_equal (kinds[i].id, id))
      {
        *ret_kind = (P2vFrameKind) i;
        return TRUE;
      }
  return FALSE;
}

/**
 * p2v_frame_flags_get_name:
 * @flag: one flag
 *
 * Gets the word for a flag; never translated.
 *
 * Returns: (transfer none) (nullable): the word, such as "dirty"; %NULL for a bit without meaning
 */
const char *
p2v_frame_flags_get_name (P2vFrameFlags flag)
{
  for (guint i = 0; i < G_N_ELEMENTS (flag_names); i++)
    if (flag == (P2vFrameFlags) 1 << i)
      return flag_names[i];
  return NULL;
}

/**
 * p2v_frame_flags_dup_text:
 * @flags: any flags
 *
 * Gets the words for all of them, with commas between.
 *
 * Returns: (transfer full): text, empty for no flags
 */
char *
p2v_frame_flags_dup_text (P2vFrameFlags flags)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (flag_names); i++)
    if (flags & (P2vFrameFlags) 1 << i)
      {
        if (text->len > 0)
          g_string_append_c (text, ',');
        g_string_append (text, flag_names[i]);
      }
  return g_string_free (text, FALSE);
}

/**
 * p2v_frame_is_disagreeing:
 * @self: a frame
 *
 * Asks whether the system counts other mappings than were found. Fewer found than counted: an
 * address space is missing, or the image changed while it was taken. More found: it changed.
 *
 * Returns: %FALSE if the numbers are equal or one is not known
 */
gboolean
p2v_frame_is_disagreeing (const P2vFrame *self)
{
  g_return_val_if_fail (self != NULL, FALSE);
  return self->n_found >= 0 && self->n_expected >= 0 && self->n_found != self->n_expected;
}

/**
 * p2v_frame_dup_count_text:
 * @self: a frame
 *
 * Says how the mappings that were found compare with those that the system counts.
 *
 * Returns: (transfer full) (nullable): a translated phrase, or %NULL if one number is not known
 */
char *
p2v_frame_dup_count_text (const P2vFrame *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  if (self->n_found < 0 || self->n_expected < 0)
    return NULL;
  if (self->n_found == self->n_expected)
    return g_strdup (_("the system counts no others"));
  /* Translators: two numbers of mappings of a frame. */
  return g_strdup_printf (_("%" PRId64 " found, but the system counts %" PRId64), self->n_found,
                          self->n_expected);
}

G_DEFINE_BOXED_TYPE (P2vFrame, p2v_frame, p2v_frame_copy, p2v_frame_free)

/**
 * p2v_frame_copy:
 * @self: a frame
 *
 * Copies a frame with its texts.
 *
 * Returns: (transfer full): the copy, to be freed with p2v_frame_free()
 */
P2vFrame *
p2v_frame_copy (const P2vFrame *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  P2vFrame *copy = g_new (P2vFrame, 1);
  *copy = *self;
  copy->name = g_strdup (self->name);
  copy->detail = g_strdup (self->detail);
  if (copy->process != NULL)
    g_object_ref (copy->process);
  return copy;
}

/**
 * p2v_frame_free:
 * @self: (transfer full) (nullable): what p2v_frame_copy() returned
 *
 * Frees a frame with its texts.
 */
void
p2v_frame_free (P2vFrame *self)
{
  if (self == NULL)
    return;

  g_clear_object (&self->process);
  g_free ((char *) self->name);
  g_free ((char *) self->detail);
  g_free (self);
}
