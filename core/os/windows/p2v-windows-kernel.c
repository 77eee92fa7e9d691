/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* From candidates to a kernel: which kind of machine, whose root, which layout. Each object that
 * may be System's is tried as the way in; the one whose list of processes is longest is right. */

#include "config.h"

#include <string.h>

#include "image/p2v-image-private.h"
#include "os/windows/p2v-windows-private.h"

/* How many objects vote on the layout, and how many may be System's: memory of guests and of
 * machines before a restart may hold more than one. */
#define MAX_VOTERS  64
#define MAX_SYSTEMS 16

/* Objects whose root is looked at: there is a read for each. And how many are kept to choose
 * from. */
#define MAX_OBJECTS_READ ((guint) 1 << 18)
#define MAX_OBJECTS_KEPT 4096

/* The page that the kernel shares with all processes. Source: data/windows/README.md, "shared
 * page". */
#define SHARED_VA_64       ((P2vVirtAddr) 0xfffff78000000000)
#define SHARED_VA_32       ((P2vVirtAddr) 0xffdf0000)
#define SHARED_UPTIME      0x08
#define SHARED_TIME        0x14
#define SHARED_BUILD       0x260
#define SHARED_PRODUCT     0x264
#define SHARED_MAJOR       0x26c
#define SHARED_MINOR       0x270
#define SHARED_BYTES       0x280

/* Builds of the versions that did not yet write theirs into the shared page. */
static const P2vWindowsVersion old_versions[] = {
  { 5, 1, 2600, 0 }, { 5, 2, 3790, 0 }, { 6, 0, 6002, 0 },
  { 6, 1, 7601, 0 }, { 6, 2, 9200, 0 }, { 6, 3, 9600, 0 },
};

/* Objects of the scan that have a root which maps itself: hardly anything else does. */
static GPtrArray *
collect_objects (P2vWindows           *self,
                 const P2vWindowsScan *scan)
{
  GPtrArray *objects = g_ptr_array_new_with_free_func (g_free);
  GArray *candidates = scan->objects[self->pointer_bytes == sizeof (guint64)];
  g_autofree P2vWindowsObject *object = g_new (P2vWindowsObject, 1);
  guint self_index;

  for (guint i = 0; i < MIN (candidates->len, MAX_OBJECTS_READ); i++)
    if (objects->len < MAX_OBJECTS_KEPT &&
        p2v_windows_object_read (self, NULL, 0, g_array_index (candidates, P2vPhysAddr, i),
                                 object) &&
        p2v_windows_is_root (self, object->root_pa, &self_index))
      g_ptr_array_add (objects, g_memdup2 (object, sizeof *object));
  return objects;
}

/* The name of the first process; where it stands the layout says later. */
static gboolean
may_be_system (const P2vWindows       *self,
               const P2vWindowsObject *object)
{
  static const char name[] = "System\0";

  for (gsize i = 0; i + sizeof name <= sizeof object->bytes; i += 4)
    if (memcmp (object->bytes + i, name, sizeof name) == 0)
      return TRUE;
  return FALSE;
}

/* A part of the objects, from all of memory, and @system. */
static GPtrArray *
choose_voters (GPtrArray        *objects,
               P2vWindowsObject *system)
{
  GPtrArray *voters = g_ptr_array_new ();
  guint step = objects->len / MAX_VOTERS + 1;

  g_ptr_array_add (voters, system);
  for (guint i = 0; i < objects->len; i += step)
    if (g_ptr_array_index (objects, i) != system)
      g_ptr_array_add (voters, g_ptr_array_index (objects, i));
  return voters;
}

static const P2vWindowsHints *
get_hints (const P2vWindows *self)
{
  return &p2v_image_get_hints (self->image)->windows;
}

static void
read_shared_page (P2vWindows       *self,
                  P2vVirtualMemory *memory)
{
  P2vVirtAddr va = self->pointer_bytes == sizeof (guint64) ? SHARED_VA_64 : SHARED_VA_32;
  guint8 bytes[SHARED_BYTES];

  self->build = get_hints (self)->build & G_MAXUINT16;
  if (!p2v_virtual_memory_read (memory, va, bytes, sizeof bytes))
    return;
  self->major = p2v_windows_u32_at (bytes, sizeof bytes, SHARED_MAJOR);
  self->minor = p2v_windows_u32_at (bytes, sizeof bytes, SHARED_MINOR);
  self->product = p2v_windows_u32_at (bytes, sizeof bytes, SHARED_PRODUCT);
  self->capture_time = p2v_windows_u64_at (bytes, sizeof bytes, SHARED_TIME);
  self->uptime = p2v_windows_u64_at (bytes, sizeof bytes, SHARED_UPTIME);
  if (self->major >= 10)
    self->build = p2v_windows_u32_at (bytes, sizeof bytes, SHARED_BUILD) & G_MAXUINT16;
  for (gsize i = 0; i < G_N_ELEMENTS (old_versions); i++)
    if (old_versions[i].major == self->major && old_versions[i].minor == self->minor)
      self->build = old_versions[i].build;
}

/* Follows the list of processes from System's, forward (@link 0) or backward, to the first node
 * that is in no process: the head. *@n_processes grows by those before. */
static P2vVirtAddr
follow_to_head (const P2vWindows *self,
                P2vVirtualMemory *memory,
                guint             link,
                guint            *n_processes)
{
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  g_autofree P2vWindowsObject *object = g_new (P2vWindowsObject, 1);
  guint links = self->layout.offsets[WINDOWS_EPROCESS_LINKS];
  P2vVirtAddr node_va = self->system_va + links;

  while (g_hash_table_add (seen, g_memdup2 (&node_va, sizeof node_va)))
    {
      ++*n_processes;
      if (!p2v_windows_read_pointer (self, memory, node_va + link, &node_va) ||
          !p2v_windows_is_kernel_va (self, node_va))
        return 0;
      if (!p2v_windows_object_read (self, memory, node_va - links, 0, object) ||
          !p2v_windows_object_is_process (self, object))
        return node_va;
    }
  return 0;
}

/* Whether a process stands in the list behind @head_va, or before. */
static gboolean
is_list_head (const P2vWindows *self,
              P2vVirtualMemory *memory,
              P2vVirtAddr       head_va)
{
  g_autofree P2vWindowsObject *object = g_new (P2vWindowsObject, 1);
  guint links = self->layout.offsets[WINDOWS_EPROCESS_LINKS];
  P2vVirtAddr node_va;

  for (guint link = 0; link <= self->pointer_bytes; link += self->pointer_bytes)
    if (p2v_windows_is_kernel_va (self, head_va) &&
        p2v_windows_read_pointer (self, memory, head_va + link, &node_va) &&
        p2v_windows_is_kernel_va (self, node_va) &&
        p2v_windows_object_read (self, memory, node_va - links, 0, object) &&
        p2v_windows_object_is_process (self, object))
      return TRUE;
  return FALSE;
}

/* System is the first process: if the list is torn, its head is right before. If that is torn too,
 * the header of a dump may name it. What is not proved may still be in the kernel's image. */
static void
find_list_head (P2vWindows       *self,
                P2vVirtualMemory *memory,
                guint            *n_processes)
{
  guint n_before = 0;

  self->list_head_va = 0;
  self->inside_va = follow_to_head (self, memory, 0, n_processes);
  gboolean is_torn = self->inside_va == 0;
  if (is_list_head (self, memory, self->inside_va))
    self->list_head_va = self->inside_va;
  P2vVirtAddr before_va = self->list_head_va != 0
                            ? 0
                            : follow_to_head (self, memory, self->pointer_bytes, &n_before);
  /* The two ways meet different processes only if the ring is torn between them. */
  *n_processes = is_torn ? *n_processes + n_before : MAX (*n_processes, n_before);
  if (before_va != 0)
    self->inside_va = before_va;
  if (is_list_head (self, memory, before_va))
    self->list_head_va = before_va;
  P2vVirtAddr hint_va = get_hints (self)->active_processes_va;
  if (self->list_head_va == 0 && is_list_head (self, memory, hint_va))
    self->list_head_va = hint_va;
}

/* Takes @system as the way in; returns how many processes its list has, 0 if it is none. */
static guint
try_system (P2vWindows       *self,
            GPtrArray        *objects,
            P2vWindowsObject *system)
{
  g_autoptr (GPtrArray) voters = choose_voters (objects, system);
  guint n_processes = 0;

  self->self_index = 0;
  self->root_pa = system->root_pa;
  if (!p2v_windows_is_root (self, self->root_pa, &self->self_index))
    return 0;
  p2v_windows_find_user_end (self);
  g_autoptr (P2vVirtualMemory) memory = p2v_virtual_memory_new (&self->tables, self->root_pa);
  read_shared_page (self, memory);
  if (!p2v_windows_choose_layout (self, memory, voters) ||
      !p2v_windows_object_is_process (self, system))
    return 0;
  self->system_va = p2v_windows_object_find_va (self, memory, system);
  if (self->system_va != 0)
    find_list_head (self, memory, &n_processes);
  return n_processes;
}

/* What was found of one machine in the image. */
typedef struct
{
  P2vWindows windows;
  guint      n_processes;
} Machine;

/* The longer list of processes is right; with the same, a layout as it was published, then the one
 * that fits better: entries of x64 and of ARM64 are alike enough that one can be walked as the
 * other, and their layouts that one, moved, is nearly the other. */
static gboolean
is_better (const Machine *self,
           const Machine *other)
{
  if (self->n_processes != other->n_processes)
    return self->n_processes > other->n_processes;
  if ((self->windows.shift == 0) != (other->windows.shift == 0))
    return self->windows.shift == 0;
  return self->n_processes > 0 && self->windows.score > other->windows.score;
}

/* Whether a header or a note of the image names the root of the object's page tables. */
static gboolean
is_hinted (const P2vWindows       *self,
           const P2vWindowsObject *object)
{
  GArray *roots = p2v_image_get_hints (self->image)->page_table_roots;

  for (guint i = 0; i < roots->len; i++)
    if (p2v_windows_root_of (self, g_array_index (roots, P2vPhysAddr, i)) == object->root_pa)
      return TRUE;
  return FALSE;
}

/* Which objects are tried as the way in, one sort after the other until one leads to processes: the
 * first process has a name, but whoever hides may have changed it. */
typedef gboolean (*CandidateFunc) (const P2vWindows       *self,
                                   const P2vWindowsObject *object);

static gboolean
is_any (const P2vWindows       *self,
        const P2vWindowsObject *object)
{
  return TRUE;
}

static const CandidateFunc candidate_funcs[] = { may_be_system, is_hinted, is_any };

static void
try_objects (Machine       *best,
             Machine       *self,
             GPtrArray     *objects,
             CandidateFunc  is_candidate)
{
  guint n_tried = 0;

  for (guint i = 0; i < objects->len && n_tried < MAX_SYSTEMS; i++)
    {
      P2vWindowsObject *object = g_ptr_array_index (objects, i);
      if (!is_candidate (&self->windows, object))
        continue;
      n_tried++;
      self->n_processes = try_system (&self->windows, objects, object);
      if (is_better (self, best))
        *best = *self;
    }
}

static void
try_paging (Machine              *best,
            const P2vWindowsScan *scan,
            P2vImage             *image,
            guint                 position,
            CandidateFunc         is_candidate)
{
  Machine self = { 0 };
  gsize n_layouts;
  const P2vWindowsLayout *layouts = p2v_windows_layouts_get (&n_layouts);

  if (!p2v_windows_set_paging (&self.windows, image, position))
    return;
  for (gsize i = 0; i < n_layouts; i++)
    if (layouts[i].kind == self.windows.kind)
      self.windows.layout = layouts[i];
  g_autoptr (GPtrArray) objects = collect_objects (&self.windows, scan);
  try_objects (best, &self, objects, is_candidate);
}

/* Where the shared page does not tell the version, the layout that fits does, nearly. */
static void
guess_version (P2vWindows *self)
{
  if (self->build != 0)
    return;
  self->major = self->layout.version.major;
  self->minor = self->layout.version.minor;
  self->build = self->layout.version.build;
}

static void
use_symbols (P2vWindows           *self,
             const P2vWindowsScan *scan,
             P2vVirtualMemory     *memory)
{
  g_autoptr (GPtrArray) objects = collect_objects (self, scan);
  P2vVirtAddr head_va = p2v_windows_symbol_va (self, "PsActiveProcessHead");

  if (objects->len > MAX_VOTERS)
    g_ptr_array_set_size (objects, MAX_VOTERS);
  p2v_windows_use_symbols (self, memory, objects);
  if (self->list_head_va == 0 && is_list_head (self, memory, head_va))
    self->list_head_va = head_va;
}

gboolean
p2v_windows_find_kernel (P2vWindows             *self,
                         const P2vSystemSearch  *search,
                         const P2vWindowsScan   *scan,
                         GError                **error)
{
  Machine best = { 0 };

  for (gsize sort = 0; sort < G_N_ELEMENTS (candidate_funcs) && best.n_processes == 0; sort++)
    for (guint i = 0; i < P2V_WINDOWS_N_PAGINGS; i++)
      try_paging (&best, scan, search->image, i, candidate_funcs[sort]);
  if (best.n_processes == 0)
    {
      g_set_error_literal (error, P2V_OS_ERROR, P2V_OS_ERROR_NOT_DETECTED, "no System process");
      return FALSE;
    }
  *self = best.windows;
  guess_version (self);
  self->tables.system_data = self;
  g_autoptr (P2vVirtualMemory) memory = p2v_virtual_memory_new (&self->tables, self->root_pa);
  p2v_windows_find_image (self, memory);
  if (!p2v_windows_find_symbols (self, search, error))
    return FALSE;
  if (self->symbols != NULL)
    use_symbols (self, scan, memory);
  return p2v_virtual_memory_check (memory, error);
}
