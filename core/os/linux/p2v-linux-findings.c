/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include "os/linux/p2v-linux-findings.h"

#include <string.h>

#include "base/p2v-limits.h"
#include "os/p2v-scan.h"

/* The kernel's allocator puts both kinds of objects at multiples of a processor's cache line.
 * Source: Linux kernel/fork.c fork_init() (task_struct: L1_CACHE_BYTES), proc_caches_init()
 * (mm_struct: SLAB_HWCACHE_ALIGN); arch/x86/include/asm/cache.h, arch/arm64/include/asm/cache.h: 64
 * bytes and more. */
#define OBJECT_ALIGNMENT 64

/* Things that look like objects, of each kind; a crafted image could consist of them. */
#define MAX_FOUND P2V_LIMIT_TASKS

/* What the kept findings begin with. Source: our own choice. */
#define FINDINGS_MAGIC ((guint64) 0x4c494e55580001)

/* Lists that are empty, and so lead to themselves, in nearly every object of a kind, whatever has
 * become of the lists that it is in. Source: Linux kernel/fork.c copy_process(), mm_init();
 * include/linux/ptrace.h ptrace_init_task(). */
static const struct
{
  P2vLinuxField list;
  gboolean      is_task;       /* or an mm_struct */
} signs[] = {
  { LINUX_TASK_PTRACED, TRUE },
  { LINUX_TASK_PTRACE_ENTRY, TRUE },
  { LINUX_MM_MMLIST, FALSE },
  { LINUX_MM_MMAP_LOCK_WAIT_LIST, FALSE },
};

/* A sign as it is looked for: where in a cache line its list stands. */
typedef struct
{
  guint32  offset_in_object;
  guint    offset_in_line;
  GArray  *found;              /* P2vVirtAddr, not yet proved */
} Sign;

typedef struct
{
  const P2vLinuxMarks *marks;
  Sign                 signs[G_N_ELEMENTS (signs)];
  guint                n_signs;
  GArray              *roots;
} Looker;

static inline guint64
get_u64 (const guint8 *at)
{
  guint64 raw;

  memcpy (&raw, at, sizeof raw);
  return GUINT64_FROM_LE (raw);
}

static inline guint64
get_entry (const guint8 *at,
           guint         entry_bytes)
{
  guint64 raw = 0;

  memcpy (&raw, at, entry_bytes == sizeof raw ? sizeof raw : sizeof (guint32));
  return GUINT64_FROM_LE (raw);
}

/* Two pointers of @word_bytes, one behind the other, that are both @va. */
static inline gboolean
is_empty_list (const guint8 *at,
               P2vVirtAddr   va,
               guint         word_bytes)
{
  if (word_bytes == sizeof va)
    return get_u64 (at) == va && get_u64 (at + sizeof va) == va;
  return get_u64 (at) == (va << 32 | va);
}

/* Looks at the places of one sign in a piece of memory that is mapped at @va. */
static inline void
look_for_sign (const Sign   *sign,
               const guint8 *bytes,
               gsize         length,
               P2vVirtAddr   va,
               guint         word_bytes)
{
  for (gsize offset = sign->offset_in_line; offset + 2 * word_bytes <= length;
       offset += OBJECT_ALIGNMENT)
    if (G_UNLIKELY (is_empty_list (bytes + offset, va + offset, word_bytes)) &&
        sign->found->len < MAX_FOUND)
      {
        P2vVirtAddr object_va = va + offset - sign->offset_in_object;
        g_array_append_val (sign->found, object_va);
      }
}

static void
look_for_roots (Looker       *self,
                const guint8 *bytes,
                gsize         length,
                P2vPhysAddr   pa)
{
  const P2vLinuxRootRule *rule = &self->marks->root;
  guint entry_bytes = self->marks->finder->kernel->tables.form->entry_bytes;
  gsize text_offset = rule->text_slot * entry_bytes;

  for (gsize offset = 0; rule->known && offset < length; offset += rule->table_bytes)
    if (((get_entry (bytes + offset + text_offset, entry_bytes) ^ rule->text_entry) &
         rule->compared_bits) == 0 &&
        self->roots->len < MAX_FOUND)
      {
        P2vPhysAddr root_pa = pa + offset;
        g_array_append_val (self->roots, root_pa);
      }
}

static void
look (const guint8 *bytes,
      gsize         length,
      P2vPhysAddr   pa,
      gpointer      user_data)
{
  Looker *self = user_data;
  guint word_bytes = self->marks->finder->kernel->arch->word_bytes;

  for (gsize page = 0; page < length; page += P2V_FRAME_SIZE)
    for (guint i = 0; i < self->n_signs; i++)
      look_for_sign (&self->signs[i], bytes + page, P2V_FRAME_SIZE,
                     pa + page + self->marks->linear_delta, word_bytes);
  look_for_roots (self, bytes, length, pa);
}

static void
looker_init (Looker              *self,
             const P2vLinuxMarks *marks,
             P2vLinuxFindings    *findings)
{
  const P2vLinuxLayoutField *layout = marks->finder->kernel->layout;

  *self = (Looker) { .marks = marks, .roots = findings->roots };
  for (gsize i = 0; i < G_N_ELEMENTS (signs) && marks->linear_known; i++)
    {
      const P2vLinuxLayoutField *list = &layout[signs[i].list];
      if (list->known)
        self->signs[self->n_signs++] = (Sign) {
          .offset_in_object = list->offset_bytes,
          .offset_in_line = list->offset_bytes % OBJECT_ALIGNMENT,
          .found = signs[i].is_task ? findings->tasks : findings->mms,
        };
    }
}

typedef gboolean (*ProofFunc) (P2vLinuxMarks *marks,
                               guint64        address);

static gboolean
prove_task (P2vLinuxMarks *marks,
            guint64        address)
{
  return p2v_linux_is_task (marks, address);
}

static gboolean
prove_mm (P2vLinuxMarks *marks,
          guint64        address)
{
  P2vLinuxMm mm;

  return p2v_linux_is_mm (marks, address, &mm);
}

static gboolean
prove_root (P2vLinuxMarks *marks,
            guint64        address)
{
  return p2v_linux_is_root (marks, address, NULL);
}

static int
compare_addresses (gconstpointer a,
                   gconstpointer b)
{
  guint64 x = *(const guint64 *) a, y = *(const guint64 *) b;

  return (x > y) - (x < y);
}

/* Keeps what is proved, once. */
static void
keep_proved (GArray        *addresses,
             P2vLinuxMarks *marks,
             ProofFunc      prove)
{
  guint n_kept = 0;
  guint64 last = 0;

  g_array_sort (addresses, compare_addresses);
  for (guint i = 0; i < addresses->len; i++)
    {
      guint64 address = g_array_index (addresses, guint64, i);
      if ((i > 0 && address == last) || !prove (marks, address))
        continue;
      last = address;
      g_array_index (addresses, guint64, n_kept++) = address;
    }
  g_array_set_size (addresses, n_kept);
}

/* What is kept: the magic, three counts, and so many addresses of each kind. */
static GBytes *
pack (const P2vLinuxFindings *self)
{
  const GArray *const arrays[] = { self->tasks, self->mms, self->roots };
  g_autoptr (GArray) words = g_array_new (FALSE, FALSE, sizeof (guint64));
  guint64 magic = FINDINGS_MAGIC;

  g_array_append_val (words, magic);
  for (gsize i = 0; i < G_N_ELEMENTS (arrays); i++)
    {
      guint64 count = arrays[i]->len;
      g_array_append_val (words, count);
    }
  for (gsize i = 0; i < G_N_ELEMENTS (arrays); i++)
    if (arrays[i]->len > 0)
      g_array_append_vals (words, arrays[i]->data, arrays[i]->len);
  return g_bytes_new (words->data, words->len * sizeof (guint64));
}

/* FALSE if @bytes are not of ours. */
static gboolean
unpack (P2vLinuxFindings *self,
        GBytes           *bytes)
{
  GArray *const arrays[] = { self->tasks, self->mms, self->roots };
  guint64 words[1 + G_N_ELEMENTS (arrays)];
  gsize length;
  const guint8 *at = g_bytes_get_data (bytes, &length);
  guint64 n_words = G_N_ELEMENTS (words);

  if (length < sizeof words || length % sizeof words[0] != 0)
    return FALSE;
  memcpy (words, at, sizeof words);
  for (gsize i = 0; i < G_N_ELEMENTS (arrays); i++)
    {
      if (words[1 + i] > MAX_FOUND)
        return FALSE;
      n_words += words[1 + i];
    }
  if (words[0] != FINDINGS_MAGIC || n_words != length / sizeof words[0])
    return FALSE;
  at += sizeof words;
  for (gsize i = 0; i < G_N_ELEMENTS (arrays); i++)
    {
      /* An array without elements has no memory that could be copied to. */
      g_array_set_size (arrays[i], 0);
      g_array_append_vals (arrays[i], at, (guint) words[1 + i]);
      at += words[1 + i] * sizeof words[0];
    }
  return TRUE;
}

gboolean
p2v_linux_findings_make (P2vLinuxFindings       *self,
                         P2vLinuxMarks          *marks,
                         const P2vSystemSearch  *search,
                         gboolean               *ret_scanned,
                         GError                **error)
{
  Looker looker;

  *self = (P2vLinuxFindings) {
    .tasks = g_array_new (FALSE, FALSE, sizeof (guint64)),
    .mms = g_array_new (FALSE, FALSE, sizeof (guint64)),
    .roots = g_array_new (FALSE, FALSE, sizeof (guint64)),
  };
  *ret_scanned = search->findings != NULL && unpack (self, search->findings);
  if (!*ret_scanned && (p2v_system_search_wants (search, "objects") ||
                        p2v_system_search_wants (search, "roots")))
    {
      looker_init (&looker, marks, self);
      if (!p2v_scan_run (search, look, &looker, error))
        return FALSE;
      *ret_scanned = TRUE;
    }
  keep_proved (self->tasks, marks, prove_task);
  keep_proved (self->mms, marks, prove_mm);
  keep_proved (self->roots, marks, prove_root);
  /* Where nothing could be recognized, another file of symbols may change that. */
  if (*ret_scanned && marks->linear_known)
    p2v_system_take_findings (marks->finder->system, pack (self));
  return TRUE;
}

void
p2v_linux_findings_clear (P2vLinuxFindings *self)
{
  g_clear_pointer (&self->tasks, g_array_unref);
  g_clear_pointer (&self->mms, g_array_unref);
  g_clear_pointer (&self->roots, g_array_unref);
}
