/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include "image/p2v-page-pack.h"

#include "base/p2v-checked.h"

#include <string.h>

/* What is kept unpacked. Twice what the walk of page tables and the search of all memory announce
 * ahead (core/index, os/p2v-scan: 8 MiB each), and as much again, since blocks meet by chance in
 * the sets of the cache. */
#define CACHE_BYTES ((gsize) 32 << 20)

/* Blocks that may stand in a slot's place: with one, a block pushes out its neighbour in time too
 * often; more are more to look through. */
#define WAYS 4

/* One thread is the one that reads. */
#define MAX_THREADS 8

/* What a thread takes at a time: large enough that handing it over costs little beside unpacking
 * (a page of zlib: 20 microseconds), small enough that all threads have something to do. */
#define BLOCKS_PER_JOB 16

/* What waits to be unpacked, at most: what is announced beyond is unpacked when it is read. */
#define MAX_JOBS_WAITING 1024

/* Damaged blocks that are remembered; beyond, the count stands still. */
#define MAX_DAMAGED 65536

#define NO_BLOCK G_MAXUINT64

struct _P2vPagePack
{
  const P2vPackForm *form;
  gpointer           source;
  gsize              block_bytes;
  guint              block_shift;
  guint64            n_blocks;

  gint               is_closing;   /* atomic: jobs that wait are not worth doing any more */
  GMutex             lock;         /* guards what follows */
  GThreadPool       *pool;         /* NULL: nothing was prefetched yet */
  gsize              n_sets;
  guint64           *tags;         /* WAYS for each set: which block, or NO_BLOCK */
  guint8            *next_way;     /* of each set: which to replace */
  guint8            *blocks;       /* in the order of the tags; NULL: nothing was kept yet */
  GHashTable        *damaged;      /* (element-type guint64): the blocks that are */
};

/* What a thread of the pool is to unpack. */
typedef struct
{
  guint64 first;
  guint64 n_blocks;
} Job;

P2vPagePack *
p2v_page_pack_new (const P2vPackForm *form,
                   gpointer           source,
                   gsize              block_bytes,
                   guint64            n_blocks)
{
  g_assert (block_bytes > 0 && (block_bytes & (block_bytes - 1)) == 0);

  P2vPagePack *self = g_new0 (P2vPagePack, 1);
  self->form = form;
  self->source = source;
  self->block_bytes = block_bytes;
  self->block_shift = (guint) g_bit_storage (block_bytes) - 1;
  self->n_blocks = n_blocks;
  self->n_sets = MAX (MIN (CACHE_BYTES / block_bytes, n_blocks) / WAYS, 1);
  self->damaged = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  g_mutex_init (&self->lock);
  return self;
}

void
p2v_page_pack_free (P2vPagePack *self)
{
  /* Not at once, for then GLib would lose jobs that wait; they end as soon as they begin. */
  g_atomic_int_set (&self->is_closing, TRUE);
  if (self->pool != NULL)
    g_thread_pool_free (self->pool, FALSE, TRUE);
  self->form->free (self->source);
  g_mutex_clear (&self->lock);
  g_hash_table_unref (self->damaged);
  g_free (self->tags);
  g_free (self->next_way);
  g_free (self->blocks);
  g_free (self);
}

guint64
p2v_page_pack_get_size (P2vPagePack *self)
{
  return self->n_blocks << self->block_shift;
}

guint
p2v_page_pack_get_n_damaged (P2vPagePack *self)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  return g_hash_table_size (self->damaged);
}

/* With the lock held. FALSE if there is no memory to keep anything. */
static gboolean
make_cache (P2vPagePack *self)
{
  if (self->blocks != NULL)
    return TRUE;

  gsize n_slots = self->n_sets * WAYS;
  self->blocks = g_try_malloc_n (n_slots, self->block_bytes);
  if (self->blocks == NULL)
    return FALSE;
  self->tags = g_new (guint64, n_slots);
  self->next_way = g_new0 (guint8, self->n_sets);
  for (gsize i = 0; i < n_slots; i++)
    self->tags[i] = NO_BLOCK;
  return TRUE;
}

/* Neighbours go to neighbouring sets: what is read in order fills the cache evenly. */
static gsize
get_first_slot (P2vPagePack *self,
                guint64      index)
{
  return (gsize) (index % self->n_sets) * WAYS;
}

/* With the lock held: (nullable): the block, if it is kept. */
static const guint8 *
find_kept (P2vPagePack *self,
           guint64      index)
{
  if (self->blocks == NULL)
    return NULL;

  gsize slot = get_first_slot (self, index);
  for (gsize i = slot; i < slot + WAYS; i++)
    if (self->tags[i] == index)
      return self->blocks + i * self->block_bytes;
  return NULL;
}

static gboolean
is_kept (P2vPagePack *self,
         guint64      index)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);
  return find_kept (self, index) != NULL;
}

static void
keep (P2vPagePack  *self,
      guint64       index,
      const guint8 *block)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  if (!make_cache (self) || find_kept (self, index) != NULL)
    return;
  gsize set = get_first_slot (self, index) / WAYS;
  gsize slot = set * WAYS + self->next_way[set];
  self->next_way[set] = (guint8) ((self->next_way[set] + 1) % WAYS);
  self->tags[slot] = index;
  memcpy (self->blocks + slot * self->block_bytes, block, self->block_bytes);
}

/* FALSE if the block is not kept. */
static gboolean
copy_kept (P2vPagePack *self,
           guint64      index,
           gsize        skip,
           guint8      *to,
           gsize        length)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);
  const guint8 *block = find_kept (self, index);

  if (block == NULL)
    return FALSE;
  memcpy (to, block + skip, length);
  return TRUE;
}

static void
note_damaged (P2vPagePack *self,
              guint64      index)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  if (g_hash_table_size (self->damaged) < MAX_DAMAGED)
    g_hash_table_add (self->damaged, g_memdup2 (&index, sizeof index));
}

static P2vReadStatus
unpack (P2vPagePack *self,
        guint64      index,
        guint8      *block,
        GError     **error)
{
  P2vReadStatus status = self->form->unpack (self->source, index, block, error);

  if (status == P2V_READ_OK)
    keep (self, index, block);
  else if (status == P2V_READ_HOLE)
    note_damaged (self, index);
  return status;
}

P2vReadStatus
p2v_page_pack_read (P2vPagePack *self,
                    guint64      position,
                    gpointer     buffer,
                    gsize        length_bytes,
                    GError     **error)
{
  g_assert (p2v_span_fits (position, length_bytes, p2v_page_pack_get_size (self)));
  g_autofree guint8 *scratch = NULL;
  guint8 *to = buffer;

  while (length_bytes > 0)
    {
      guint64 index = position >> self->block_shift;
      gsize skip = (gsize) position & (self->block_bytes - 1);
      gsize piece = MIN (length_bytes, self->block_bytes - skip);
      if (!copy_kept (self, index, skip, to, piece))
        {
          if (scratch == NULL)
            scratch = g_malloc (self->block_bytes);
          P2vReadStatus status = unpack (self, index, scratch, error);
          if (status != P2V_READ_OK)
            return status;
          memcpy (to, scratch + skip, piece);
        }
      to += piece;
      position += piece;
      length_bytes -= piece;
    }
  return P2V_READ_OK;
}

/* In a thread of the pool. What goes wrong here will again when the block is read, and be told
 * then. */
static void
unpack_job (gpointer data,
            gpointer user_data)
{
  P2vPagePack *self = user_data;
  g_autofree Job *job = data;
  g_autofree guint8 *block = g_malloc (self->block_bytes);
  guint64 end = job->first + job->n_blocks;

  for (guint64 i = job->first; i < end && !g_atomic_int_get (&self->is_closing); i++)
    if (!is_kept (self, i) && self->form->unpack (self->source, i, block, NULL) == P2V_READ_OK)
      keep (self, i, block);
}

/* (transfer none) (nullable) */
static GThreadPool *
get_pool (P2vPagePack *self)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  if (self->pool == NULL)
    self->pool = g_thread_pool_new (unpack_job, self,
                                    (gint) MIN (g_get_num_processors (), MAX_THREADS), TRUE, NULL);
  return self->pool;
}

void
p2v_page_pack_prefetch (P2vPagePack *self,
                        guint64      position,
                        guint64      length_bytes)
{
  if (length_bytes == 0 || !p2v_span_fits (position, length_bytes, p2v_page_pack_get_size (self)))
    return;

  guint64 first = position >> self->block_shift;
  guint64 end = ((position + (length_bytes - 1)) >> self->block_shift) + 1;
  GThreadPool *pool = get_pool (self);
  for (guint64 i = first; pool != NULL && i < end; i += BLOCKS_PER_JOB)
    {
      if (g_thread_pool_unprocessed (pool) >= MAX_JOBS_WAITING)
        return;
      Job *job = g_new (Job, 1);
      *job = (Job) { i, MIN (BLOCKS_PER_JOB, end - i) };
      g_thread_pool_push (pool, job, NULL);
    }
}
