/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include "p2v-mapping.h"
#include "p2v-mapping-private.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>

#include "base/p2v-text.h"

#define ACCESS_RIGHTS (P2V_RIGHTS_READ | P2V_RIGHTS_WRITE | P2V_RIGHTS_EXECUTE)

static const char *const state_words[] = {
  [P2V_STATE_VALID] = "valid",
  [P2V_STATE_PROT_NONE] = "prot-none",
  [P2V_STATE_TRANSITION] = "transition",
  [P2V_STATE_PROTOTYPE] = "prototype",
  [P2V_STATE_SWAP_CACHE] = "swap-cache",
  [P2V_STATE_MIGRATION] = "migration",
  [P2V_STATE_HWPOISON] = "hwpoison",
  [P2V_STATE_PFN_MAP] = "pfn-map",
  [P2V_STATE_NUMA_HINT] = "numa-hint",
  [P2V_STATE_ZERO_PAGE] = "zero-page",
  [P2V_STATE_DEVICE] = "device",
  [P2V_STATE_UFFD_WP] = "uffd-wp",
};

static const char *const placeholder_words[P2V_N_PLACEHOLDERS] = {
  [P2V_PLACEHOLDER_NONE] = "none",
  [P2V_PLACEHOLDER_SWAPPED] = "swapped",
  [P2V_PLACEHOLDER_MARKER] = "marker",
  [P2V_PLACEHOLDER_DEVICE] = "device",
  [P2V_PLACEHOLDER_UNKNOWN] = "unknown",
};

/**
 * p2v_state_to_string:
 * @state: a state
 *
 * The word for a state, the same in every front door, in CSV and in every language.
 *
 * Returns: (transfer none): "valid", "prot-none", "transition", "prototype", "swap-cache",
 *   "migration", "hwpoison", "pfn-map", "numa-hint", "zero-page", "device",
 *   "uffd-wp"
 * Since: 1.0
 */
const char *
p2v_state_to_string (P2vState state)
{
  g_return_val_if_fail ((gsize) state < G_N_ELEMENTS (state_words), "");

  return state_words[state];
}

/**
 * p2v_placeholder_to_string:
 * @placeholder: what an entry stands for
 *
 * The word for it, the same in every front door and in every language.
 *
 * Returns: (transfer none): "none", "swapped", "marker", "device", "unknown"
 * Since: 1.0
 */
const char *
p2v_placeholder_to_string (P2vPlaceholder placeholder)
{
  g_return_val_if_fail (placeholder < P2V_N_PLACEHOLDERS, "");

  return placeholder_words[placeholder];
}

/* The words of the classes, the same in every front door, in CSV and in every language; and which
 * of them map memory whatever it is for. */
static const struct
{
  const char *word;
  gboolean    is_blanket;
} classes[P2V_MAPPING_N_CLASSES] = {
  [P2V_MAPPING_USER] = { "user", FALSE },
  [P2V_MAPPING_KERNEL_IMAGE] = { "kernel-image", FALSE },
  [P2V_MAPPING_MODULE] = { "module", FALSE },
  [P2V_MAPPING_VMALLOC] = { "vmalloc", FALSE },
  [P2V_MAPPING_FRAME_TABLE] = { "frame-table", FALSE },
  [P2V_MAPPING_CPU_ENTRY] = { "cpu-entry", FALSE },
  [P2V_MAPPING_FIXMAP] = { "fixmap", FALSE },
  [P2V_MAPPING_LDT] = { "ldt", FALSE },
  [P2V_MAPPING_FIRMWARE] = { "firmware", FALSE },
  [P2V_MAPPING_ESPFIX] = { "espfix", FALSE },
  [P2V_MAPPING_SHADOW] = { "shadow", FALSE },
  [P2V_MAPPING_SELF_MAP] = { "self-map", FALSE },
  [P2V_MAPPING_KERNEL] = { "kernel", FALSE },
  [P2V_MAPPING_FREED] = { "freed-image", TRUE },
  [P2V_MAPPING_DIRECT_MAP] = { "direct-map", TRUE },
};

/**
 * p2v_mapping_class_to_string:
 * @mapping_class: a class
 *
 * The word for a class, the same in every front door, in CSV and in every language.
 *
 * Returns: (transfer none): "user", "module"
 * Since: 1.0
 */
const char *
p2v_mapping_class_to_string (P2vMappingClass mapping_class)
{
  g_return_val_if_fail (mapping_class < P2V_MAPPING_N_CLASSES, "");
  return classes[mapping_class].word;
}

/**
 * p2v_mapping_class_is_blanket:
 * @mapping_class: a class
 *
 * Asks whether addresses of this class cover memory whatever it is for, so that they say nothing of
 * a page. Answers hide them unless they are asked for, see p2v_filter_set_kernel_rows().
 *
 * Returns: %TRUE if they do
 * Since: 1.0
 */
gboolean
p2v_mapping_class_is_blanket (P2vMappingClass mapping_class)
{
  g_return_val_if_fail (mapping_class < P2V_MAPPING_N_CLASSES, FALSE);
  return classes[mapping_class].is_blanket;
}

void
p2v_rights_fill_text (P2vRights rights,
                      char      ret_text[P2V_RIGHTS_TEXT_SIZE])
{
  ret_text[0] = (rights & P2V_RIGHTS_READ) != 0 ? 'r' : '-';
  ret_text[1] = (rights & P2V_RIGHTS_WRITE) != 0 ? 'w' : '-';
  ret_text[2] = (rights & P2V_RIGHTS_EXECUTE) != 0 ? 'x' : '-';
  ret_text[3] = ' ';
  ret_text[4] = (rights & P2V_RIGHTS_USER) != 0 ? 'u' : 'k';
  ret_text[5] = '\0';
}

/**
 * p2v_rights_to_string:
 * @rights: rights
 *
 * Rights in five characters: r, w and x or a dash for each that is missing, a space, and u if user
 * mode may use them or k if only the kernel may.
 *
 * Returns: (transfer full): such as "r-x u"
 * Since: 1.0
 */
char *
p2v_rights_to_string (P2vRights rights)
{
  char text[P2V_RIGHTS_TEXT_SIZE];

  p2v_rights_fill_text (rights, text);
  return g_strdup (text);
}

/**
 * p2v_page_shift_to_string:
 * @page_shift: log2 of a page's size in bytes, below 64
 *
 * The size of a page in the largest unit of 1024 that leaves a whole number.
 *
 * Returns: (transfer full): such as "4K", "2M" or "1G"
 * Since: 1.0
 */
char *
p2v_page_shift_to_string (guint page_shift)
{
  static const char *const units[] = { "", "K", "M", "G", "T", "P", "E" };

  g_return_val_if_fail (page_shift < 64, NULL);

  return g_strdup_printf ("%u%s", 1u << page_shift % 10, units[page_shift / 10]);
}

static const char *
get_region_name (const P2vRegion *region)
{
  return region->name != NULL ? region->name : "";
}

void
p2v_mapping_append_region_text (const P2vMapping *self,
                                GString          *string)
{
  const P2vRegion *region = self->region;

  if (region == NULL && self->mapping_class == P2V_MAPPING_LDT)
    g_string_append (string, "LDT");
  if (region == NULL)
    return;
  if (*get_region_name (region) == '\0')
    {
      g_string_append (string, "anonymous");
      return;
    }

  p2v_text_append_bytes (string, region->name, strlen (region->name));
  g_string_append_c (string, '+');
  /* Both numbers come from the image; a sum that wraps is shown as it is. */
  p2v_text_append_hex (string,
                       self->va - region->start_va + (region->is_file ? region->file_offset : 0),
                       1);
}

/**
 * p2v_mapping_dup_region_text:
 * @self: a described mapping
 *
 * What the mapping's virtual address is part of: a file's path and the offset of the byte in the
 * file; the name of another region ("[heap]") and the offset in it; "anonymous" for a region
 * without a name.
 *
 * Returns: (transfer full): valid UTF-8 without control characters; empty if no region is known
 * Since: 1.0
 */
char *
p2v_mapping_dup_region_text (const P2vMapping *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  GString *string = g_string_new (NULL);

  p2v_mapping_append_region_text (self, string);
  return g_string_free (string, FALSE);
}

/**
 * p2v_mapping_dup_addresses_text:
 * @self: a mapping
 *
 * Says that a row stands for many addresses.
 *
 * Returns: (transfer full) (nullable): translated text such as "65536 addresses up to
 *   0xffffff7fffff0000, every 0x10000"; %NULL if it stands for one
 * Since: 1.0
 */
char *
p2v_mapping_dup_addresses_text (const P2vMapping *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  if (self->n_addresses <= 1)
    return NULL;
  if (self->step_bytes == 0)
    /* Translators: the second number is the last virtual address. */
    return g_strdup_printf (_("%" PRIu64 " addresses up to 0x%" PRIx64), self->n_addresses,
                            self->last_va);
  /* Translators: the second number is the last virtual address, the third how far each is from the
   * one before it. */
  return g_strdup_printf (_("%" PRIu64 " addresses up to 0x%" PRIx64 ", every 0x%" PRIx64),
                          self->n_addresses, self->last_va, self->step_bytes);
}

/* The longest part of a row between two names: six numbers, a few words of ours and commas. */
#define CSV_PART_SIZE (6 * P2V_TEXT_DECIMAL_SIZE + 64)

static char *
put_word (char       *cursor,
          const char *word)
{
  while (*word != '\0')
    *cursor++ = *word++;
  return cursor;
}

/* Addresses, length and pid. */
static char *
put_csv_start (char             *cursor,
               const P2vMapping *self)
{
  gint64 pid = p2v_process_get_pid (self->process);

  cursor = p2v_text_put_hex (cursor, self->pa, 1);
  *cursor++ = ',';
  cursor = p2v_text_put_hex (cursor, self->va, 1);
  *cursor++ = ',';
  cursor = p2v_text_put_decimal (cursor, self->length_bytes);
  *cursor++ = ',';
  if (p2v_process_has_pid (self->process))
    {
      if (pid < 0)
        *cursor++ = '-';
      cursor = p2v_text_put_decimal (cursor, pid < 0 ? -(guint64) pid : (guint64) pid);
    }
  *cursor++ = ',';
  return cursor;
}

/* Rights and state. */
static char *
put_csv_middle (char             *cursor,
                const P2vMapping *self)
{
  char rights[P2V_RIGHTS_TEXT_SIZE];

  p2v_rights_fill_text (self->rights, rights);
  *cursor++ = ',';
  cursor = put_word (cursor, rights);
  *cursor++ = ',';
  cursor = put_word (cursor, p2v_state_to_string (self->state));
  *cursor++ = ',';
  return cursor;
}

/* Class, number of addresses, the last of them and the distance between them. */
static char *
put_csv_class (char             *cursor,
               const P2vMapping *self)
{
  cursor = put_word (cursor, classes[self->mapping_class].word);
  *cursor++ = ',';
  cursor = p2v_text_put_decimal (cursor, MAX (self->n_addresses, 1));
  *cursor++ = ',';
  if (self->n_addresses > 1)
    cursor = p2v_text_put_hex (cursor, self->last_va, 1);
  *cursor++ = ',';
  if (self->n_addresses > 1 && self->step_bytes > 0)
    cursor = p2v_text_put_hex (cursor, self->step_bytes, 1);
  return cursor;
}

/* File offset, page size, entry, the region's rights and what the class is. */
static char *
put_csv_end (char             *cursor,
             const P2vMapping *self,
             const guint64    *file_offset)
{
  char rights[P2V_RIGHTS_TEXT_SIZE] = "";

  *cursor++ = ',';
  if (file_offset != NULL)
    cursor = p2v_text_put_hex (cursor, *file_offset, 1);
  *cursor++ = ',';
  cursor = p2v_text_put_decimal (cursor, (guint64) 1 << self->page_shift);
  *cursor++ = ',';
  cursor = p2v_text_put_hex (cursor, self->entry_pa, 1);
  *cursor++ = ',';
  if (self->region != NULL && self->mapping_class == P2V_MAPPING_USER)
    p2v_rights_fill_text (self->region->rights, rights);
  rights[3] = '\0';
  cursor = put_word (cursor, rights);
  *cursor++ = ',';
  return put_csv_class (cursor, self);
}

void
p2v_mapping_append_csv_row (const P2vMapping *self,
                            const char       *region_text,
                            const guint64    *file_offset,
                            GString          *string)
{
  p2v_text_commit (string, put_csv_start (p2v_text_reserve (string, CSV_PART_SIZE), self));
  p2v_text_append_csv_cell (string, p2v_process_get_name (self->process));
  p2v_text_commit (string, put_csv_middle (p2v_text_reserve (string, CSV_PART_SIZE), self));
  p2v_text_append_csv_cell (string, region_text);
  p2v_text_commit (string, put_csv_end (p2v_text_reserve (string, CSV_PART_SIZE), self,
                                        file_offset));
}

/* What a region that was asked for with these rights may be seen to have in page tables. There
 * is no entry that can be written or executed but not read. Source: Intel SDM 3A 4.6 (no read
 * bit in an entry). */
static guint
get_region_allowance (const P2vRegion *region)
{
  guint allowed = region->rights & ACCESS_RIGHTS;

  return allowed != 0 ? allowed | P2V_RIGHTS_READ : 0;
}

/**
 * p2v_mapping_rights_disagree:
 * @self: a mapping
 *
 * Whether the page tables allow something that the region denies. Less in the page tables is normal
 * (copy on write, pages not touched yet, NUMA hints) and no disagreement.
 *
 * Returns: %TRUE for such a finding; %FALSE also if the mapping is not described or has no region
 * Since: 1.0
 */
gboolean
p2v_mapping_rights_disagree (const P2vMapping *self)
{
  g_return_val_if_fail (self != NULL, FALSE);

  /* For its own half the kernel records none. */
  if (!self->described || self->region == NULL || self->mapping_class != P2V_MAPPING_USER)
    return FALSE;
  return (self->rights & ACCESS_RIGHTS & ~get_region_allowance (self->region)) != 0;
}

/**
 * p2v_mapping_dup_disagreement:
 * @self: a mapping
 *
 * Says in a sentence what p2v_mapping_rights_disagree() found.
 *
 * Returns: (transfer full) (nullable): the sentence, or %NULL without a disagreement
 * Since: 1.0
 */
char *
p2v_mapping_dup_disagreement (const P2vMapping *self)
{
  char in_tables[P2V_RIGHTS_TEXT_SIZE];
  char in_region[P2V_RIGHTS_TEXT_SIZE];

  if (!p2v_mapping_rights_disagree (self))
    return NULL;

  p2v_rights_fill_text (self->rights, in_tables);
  p2v_rights_fill_text (self->region->rights, in_region);
  /* Translators: each %.3s is rights such as "rwx" or "r--". */
  return g_strdup_printf (_("The page tables allow %.3s here, but the region says %.3s."),
                          in_tables, in_region);
}

/**
 * p2v_walk_status_to_string:
 * @status: how a translation ended
 *
 * The end of a translation in a few words, for reading.
 *
 * Returns: (transfer none): such as "not present", translated
 * Since: 1.0
 */
const char *
p2v_walk_status_to_string (P2vWalkStatus status)
{
  switch (status)
    {
    case P2V_WALK_MAPPED:
      return _("mapped");
    case P2V_WALK_NOT_PRESENT:
      return _("not present");
    case P2V_WALK_OUTSIDE_IMAGE:
      return _("table outside the image");
    case P2V_WALK_MALFORMED:
      return _("malformed entry");
    case P2V_WALK_NOT_CANONICAL:
      return _("not a canonical address");
    default:
      g_return_val_if_reached ("");
    }
}

/**
 * p2v_trail_dup_end_text:
 * @self: a trail
 *
 * How a translation ended, with what the last entry stands for if no page in RAM is behind it.
 *
 * Returns: (transfer full): such as "not present (swapped: swap file 0, page 0x1f2)", translated
 * Since: 1.0
 */
char *
p2v_trail_dup_end_text (const P2vTrail *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  const char *status = p2v_walk_status_to_string (self->status);

  if (self->status != P2V_WALK_NOT_PRESENT || self->placeholder == P2V_PLACEHOLDER_NONE)
    return g_strdup (status);
  if (self->placeholder != P2V_PLACEHOLDER_SWAPPED)
    return g_strdup_printf ("%s (%s)", status, p2v_placeholder_to_string (self->placeholder));
  /* Translators: "not present", "swapped", number of a swap file, of a page in it. */
  return g_strdup_printf (_("%s (%s: swap file %u, page 0x%" PRIx64 ")"), status,
                          p2v_placeholder_to_string (self->placeholder), self->swap_area,
                          self->swap_page);
}

/**
 * p2v_trail_dup_text:
 * @self: a trail
 *
 * A translation in one line, each entry with its physical address and its value, for checking by
 * hand: "pml4e 0x271ec000 = 0x0070000008844867 → … → 0x1a58f3c8", or with how it ended in place of
 * the address. Where the last entry alone does not tell the page, the state stands before the
 * address: "→ prototype → 0x1a58f3c8".
 *
 * Returns: (transfer full): the line
 * Since: 1.0
 */
char *
p2v_trail_dup_text (const P2vTrail *self)
{
  g_return_val_if_fail (self != NULL && self->n_steps <= P2V_TRAIL_MAX_STEPS, NULL);

  GString *string = g_string_new (NULL);

  for (guint i = 0; i < self->n_steps; i++)
    {
      g_string_append (string, self->steps[i].name);
      g_string_append_c (string, ' ');
      p2v_text_append_hex (string, self->steps[i].entry_pa, 8);
      g_string_append (string, " = ");
      p2v_text_append_hex (string, self->steps[i].value, 16);
      g_string_append (string, " → ");
    }
  if (self->status == P2V_WALK_MAPPED && self->resolved)
    g_string_append_printf (string, "%s → ", p2v_state_to_string (self->state));
  if (self->status == P2V_WALK_MAPPED)
    p2v_text_append_hex (string, self->pa, 8);
  else
    {
      g_autofree char *end = p2v_trail_dup_end_text (self);
      g_string_append (string, end);
    }
  return g_string_free (string, FALSE);
}
