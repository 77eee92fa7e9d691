/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* What the files that describe frames share: p2v-linux-frames.c goes through what a struct page can
 * say, p2v-linux-frame-content.c words what the frame holds by it, p2v-linux-frame-place.c who has
 * it in the kernel's half and what the machine keeps there.
 *
 * All of them fill in a P2vFrame, and its detail where there is more to say than its kind does. */

#pragma once

#include "os/linux/p2v-linux-frame-names.h"
#include "os/linux/p2v-linux-page.h"

/* A cache of kernel objects. */
typedef struct
{
  char    *name;                     /* escaped; NULL if it is not known */
  guint32  object_bytes;
} P2vLinuxCache;

/* What is found once for all who ask about frames, and kept with the system. */
struct _P2vLinuxFrames
{
  GMutex               lock;
  gboolean             has_told;
  P2vLinuxPageLayout   told;         /* as the kernel tells it */
  gboolean             has_layout;
  P2vLinuxPageLayout   layout;       /* that, and what page tables prove of it */
  P2vLinuxFrameOwners *owners;       /* NULL until needed */
  GArray              *resources;    /* P2vLinuxResource */
};

/* What one caller keeps while it asks. */
typedef struct
{
  P2vSystem          *system;
  const P2vLinux     *kernel;
  P2vLinuxFrames     *shared;
  P2vVirtualMemory   *memory;
  P2vLinuxPageReader  pages;
  GHashTable         *caches;        /* address -> P2vLinuxCache */
  GHashTable         *files;         /* address of struct address_space -> name, "" for none */
} P2vLinuxFrameSource;

/* p2v-linux-frames.c: loads owners: they take some milliseconds and most frames do not need
 * them. */
G_GNUC_WARN_UNUSED_RESULT
gboolean p2v_linux_frame_source_load  (P2vLinuxFrameSource      *self,
                                       GError                  **error);

/* p2v-linux-frame-content.c */
void     p2v_linux_describe_slab      (P2vLinuxFrameSource      *self,
                                       const P2vLinuxCompound   *compound,
                                       P2vFrame                 *frame,
                                       GString                  *detail);
void     p2v_linux_describe_file      (P2vLinuxFrameSource      *self,
                                       const P2vLinuxPage       *page,
                                       const P2vLinuxCompound   *compound,
                                       P2vFrame                 *frame,
                                       GString                  *detail);
void     p2v_linux_describe_huge      (P2vLinuxFrameSource      *self,
                                       const P2vLinuxPage       *page,
                                       const P2vLinuxCompound   *compound,
                                       P2vFrame                 *frame,
                                       GString                  *detail);
void     p2v_linux_describe_anonymous (P2vFrame                 *frame,
                                       GString                  *detail);
G_GNUC_WARN_UNUSED_RESULT
gboolean p2v_linux_describe_movable   (P2vLinuxFrameSource      *self,
                                       const P2vLinuxCompound   *compound,
                                       P2vFrame                 *frame,
                                       GError                  **error);

/* p2v-linux-frame-place.c */

/* What struct page does not tell. @is_reserved: the frame is not one that is handed out. */
G_GNUC_WARN_UNUSED_RESULT
gboolean p2v_linux_describe_place     (P2vLinuxFrameSource      *self,
                                       gboolean                  is_reserved,
                                       P2vFrame                 *frame,
                                       GString                  *detail,
                                       GError                  **error);
/* FALSE if the frame is not in the kernel's image. */
gboolean p2v_linux_describe_image     (P2vLinuxFrameSource      *self,
                                       P2vFrame                 *frame);
