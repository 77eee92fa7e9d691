/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include "p2v-hex-buffer.h"

#include <errno.h>
#include <fcntl.h>
#include "p2v-hex-i18n.h"
#include <glib/gstdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* The hex view asks byte by byte, a screen at a time. A page that holds many screens, and a few
 * of them for jumping to and fro, keep it away from the disk. */
#define PAGE_BYTES 65536
#define N_PAGES 16

typedef struct
{
  gint64  start;   /* position, or -1: not in use */
  gsize   n_bytes; /* how many of them were read; the others could not be */
  guint8 *bytes;
} Page;

struct _P2vHexBuffer
{
  GObject      parent_instance;

  GFile       *file;
  int          fd;
  gint64       file_size;

  GMutex       lock;   /* the host searches in a thread; guards what follows */
  P2vHexSpace *space;  /* NULL: the file as it is */
  gint64       size;
  Page         pages[N_PAGES];
  gboolean     has_failed;
};

enum
{
  PROP_0,
  PROP_FILE
};

enum
{
  READ_FAILED,
  EDIT_REFUSED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

static void p2v_hex_buffer_hex_buffer_init (HexBufferInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (P2vHexBuffer,
                               p2v_hex_buffer,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (HEX_TYPE_BUFFER,
                                                      p2v_hex_buffer_hex_buffer_init))

static gboolean
tell_failure_cb (gpointer user_data)
{
  g_signal_emit (user_data, signals[READ_FAILED], 0);
  return G_SOURCE_REMOVE;
}

/* Tells once, and not from here: this is called while the view is being drawn. */
static void
tell_failure (P2vHexBuffer *self)
{
  if (self->has_failed)
    return;
  self->has_failed = TRUE;
  g_idle_add_full (G_PRIORITY_DEFAULT, tell_failure_cb, g_object_ref (self), g_object_unref);
}

/* Reads as many bytes as there are, over short reads and interruptions. */
static gsize
read_at (int fd,
         guint8 *bytes,
         gsize n_bytes,
         gint64 offset)
{
  gsize n_done = 0;

  while (n_done < n_bytes)
    {
      gssize n_read = pread (fd, bytes + n_done, n_bytes - n_done, offset + (gint64) n_done);
      if (n_read < 0 && errno == EINTR)
        continue;
      if (n_read <= 0)
        break;
      n_done += (gsize) n_read;
    }
  return n_done;
}

/* Fills the page; FALSE if part of it could not be read. */
static gboolean
fill_page (P2vHexBuffer *self,
           Page         *page)
{
  gsize n_wanted = (gsize) MIN (PAGE_BYTES, self->size - page->start);

  if (page->bytes == NULL)
    page->bytes = g_malloc (PAGE_BYTES);
  page->n_bytes = n_wanted;
  if (self->space != NULL)
    return p2v_hex_space_read (self->space, (guint64) page->start, page->bytes, n_wanted);
  page->n_bytes = read_at (self->fd, page->bytes, n_wanted, page->start);
  return page->n_bytes == n_wanted;
}

static const Page *
get_page (P2vHexBuffer *self,
          gint64        offset)
{
  gint64 start = offset - offset % PAGE_BYTES;
  Page *page = &self->pages[(start / PAGE_BYTES) % N_PAGES];

  if (page->start == start)
    return page;

  page->start = start;
  if (!fill_page (self, page))
    tell_failure (self);
  return page;
}

/* With the lock held. */
static char
get_byte (P2vHexBuffer *self,
          gint64        offset)
{
  if (offset < 0 || offset >= self->size)
    return 0;
  const Page *page = get_page (self, offset);
  gsize position = (gsize) (offset - page->start);
  return position < page->n_bytes ? (char) page->bytes[position] : 0;
}

static char
p2v_hex_buffer_get_byte (HexBuffer *buffer,
                         gint64     offset)
{
  P2vHexBuffer *self = P2V_HEX_BUFFER (buffer);

  g_mutex_lock (&self->lock);
  char byte = get_byte (self, offset);
  g_mutex_unlock (&self->lock);
  return byte;
}

static char *
p2v_hex_buffer_get_data (HexBuffer *buffer,
                         gint64     offset,
                         size_t     n_bytes)
{
  P2vHexBuffer *self = P2V_HEX_BUFFER (buffer);
  char *data = g_try_malloc0 (n_bytes + 1);

  g_mutex_lock (&self->lock);
  for (size_t i = 0; data != NULL && i < n_bytes; i++)
    data[i] = get_byte (self, offset + (gint64) i);
  g_mutex_unlock (&self->lock);
  return data;
}

static gboolean
tell_refusal_cb (gpointer user_data)
{
  g_signal_emit (user_data, signals[EDIT_REFUSED], 0);
  return G_SOURCE_REMOVE;
}

static gboolean
p2v_hex_buffer_set_data (HexBuffer *buffer,
                         gint64     offset,
                         size_t     n_bytes,
                         size_t     n_replaced,
                         char      *data)
{
  /* The document is in the middle of its change: later, then. */
  g_idle_add_full (G_PRIORITY_DEFAULT, tell_refusal_cb, g_object_ref (buffer), g_object_unref);
  return FALSE;
}

static GFile *
p2v_hex_buffer_get_file (HexBuffer *buffer)
{
  return P2V_HEX_BUFFER (buffer)->file;
}

/* The file was given at the start and is open; the document only tells us its name again. */
static gboolean
p2v_hex_buffer_set_file (HexBuffer *buffer,
                            GFile *file)
{
  return g_file_equal (P2V_HEX_BUFFER (buffer)->file, file);
}

static gboolean
p2v_hex_buffer_read (HexBuffer *buffer)
{
  return TRUE;
}

static void
p2v_hex_buffer_read_async (HexBuffer *buffer,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (buffer, cancellable, callback, user_data);

  g_task_return_boolean (task, TRUE);
}

static gboolean
p2v_hex_buffer_finish (HexBuffer *buffer,
                          GAsyncResult *result,
                          GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

static gboolean
p2v_hex_buffer_write_to_file (HexBuffer *buffer,
                                 GFile *file)
{
  return FALSE;
}

static void
p2v_hex_buffer_write_to_file_async (HexBuffer *buffer,
                                       GFile *file,
                                       GCancellable *cancellable,
                                       GAsyncReadyCallback callback,
                                       gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (buffer, cancellable, callback, user_data);

  /* No change was ever taken, so its own file is what it would be after writing. */
  if (g_file_equal (P2V_HEX_BUFFER (buffer)->file, file))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_READ_ONLY,
                             _("Memory images are never written."));
}

static gint64
p2v_hex_buffer_get_payload_size (HexBuffer *buffer)
{
  P2vHexBuffer *self = P2V_HEX_BUFFER (buffer);

  g_mutex_lock (&self->lock);
  gint64 size = self->size;
  g_mutex_unlock (&self->lock);
  return size;
}

static void
p2v_hex_buffer_hex_buffer_init (HexBufferInterface *iface)
{
  iface->get_byte = p2v_hex_buffer_get_byte;
  iface->get_data = p2v_hex_buffer_get_data;
  iface->set_data = p2v_hex_buffer_set_data;
  iface->get_file = p2v_hex_buffer_get_file;
  iface->set_file = p2v_hex_buffer_set_file;
  iface->read = p2v_hex_buffer_read;
  iface->read_async = p2v_hex_buffer_read_async;
  iface->read_finish = p2v_hex_buffer_finish;
  iface->write_to_file = p2v_hex_buffer_write_to_file;
  iface->write_to_file_async = p2v_hex_buffer_write_to_file_async;
  iface->write_to_file_finish = p2v_hex_buffer_finish;
  iface->get_payload_size = p2v_hex_buffer_get_payload_size;
}

static void
p2v_hex_buffer_get_property (GObject *object,
                                guint prop_id,
                                GValue *value,
                                GParamSpec *pspec)
{
  if (prop_id == PROP_FILE)
    g_value_set_object (value, P2V_HEX_BUFFER (object)->file);
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
}

static void
p2v_hex_buffer_set_property (GObject *object,
                                guint prop_id,
                                const GValue *value,
                                GParamSpec *pspec)
{
  /* The interface makes it writable, but another file would be another buffer. */
  G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
}

static void
p2v_hex_buffer_finalize (GObject *object)
{
  P2vHexBuffer *self = P2V_HEX_BUFFER (object);

  for (guint i = 0; i < N_PAGES; i++)
    g_free (self->pages[i].bytes);
  if (self->fd >= 0)
    (void) close (self->fd);
  g_clear_object (&self->file);
  g_clear_object (&self->space);
  g_mutex_clear (&self->lock);

  G_OBJECT_CLASS (p2v_hex_buffer_parent_class)->finalize (object);
}

static void
p2v_hex_buffer_class_init (P2vHexBufferClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = p2v_hex_buffer_get_property;
  object_class->set_property = p2v_hex_buffer_set_property;
  object_class->finalize = p2v_hex_buffer_finalize;
  g_object_class_override_property (object_class, PROP_FILE, "file");

  signals[READ_FAILED] = g_signal_new ("read-failed", P2V_TYPE_HEX_BUFFER, G_SIGNAL_RUN_LAST, 0,
                                       NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[EDIT_REFUSED] = g_signal_new ("edit-refused", P2V_TYPE_HEX_BUFFER, G_SIGNAL_RUN_LAST, 0,
                                        NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
p2v_hex_buffer_init (P2vHexBuffer *self)
{
  self->fd = -1;
  g_mutex_init (&self->lock);
  for (guint i = 0; i < N_PAGES; i++)
    self->pages[i].start = -1;
}

/* Opens @file, a regular file or a block device; NULL with @error set if that cannot be done. */
P2vHexBuffer *
p2v_hex_buffer_new (GFile *file,
                       GError **error)
{
  g_autoptr (P2vHexBuffer) self = g_object_new (P2V_TYPE_HEX_BUFFER, NULL);
  g_autofree char *name = g_file_get_parse_name (file);
  const char *path = g_file_peek_path (file);

  self->file = g_object_ref (file);
  if (path != NULL)
    self->fd = g_open (path, O_RDONLY | O_CLOEXEC | O_NOCTTY, 0);
  if (self->fd >= 0)
    self->file_size = self->size = lseek (self->fd, 0, SEEK_END);
  if (self->fd < 0 || self->size < 0)
    {
      int saved_errno = path != NULL ? errno : ENOTSUP;
      g_set_error (error, G_IO_ERROR, g_io_error_from_errno (saved_errno),
                   /* Translators: a file name, and what the system says. */
                   _("Cannot read %s: %s"), name, g_strerror (saved_errno));
      return NULL;
    }
  return g_steal_pointer (&self);
}

void
p2v_hex_buffer_set_space (P2vHexBuffer *self,
                          P2vHexSpace  *space)
{
  gboolean is_file = p2v_hex_space_get_kind (space) == P2V_HEX_SPACE_FILE;
  P2vHexSpace *shown = is_file ? NULL : space;

  g_mutex_lock (&self->lock);
  g_set_object (&self->space, shown);
  self->size = is_file ? self->file_size : (gint64) p2v_hex_space_get_size (space);
  for (guint i = 0; i < N_PAGES; i++)
    self->pages[i].start = -1;
  g_mutex_unlock (&self->lock);
}
