/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* P2vFrameReader: describes frames, one after the other, from the image: a million take a second or
 * two if they are asked for in order. Belongs to the thread that uses it. */

#pragma once

#if !defined (P2V_INSIDE) && !defined (P2V_COMPILATION)
#error "Only <pas2vas.h> can be included directly."
#endif

#include "p2v-frame.h"
#include "p2v-session.h"

G_BEGIN_DECLS

typedef struct _P2vFrameReader P2vFrameReader;

P2V_AVAILABLE_IN_1_0
P2vFrameReader *p2v_frame_reader_new         (P2vSession           *session,
                                              GError              **error);
P2V_AVAILABLE_IN_1_0
void            p2v_frame_reader_free        (P2vFrameReader       *self);
P2V_AVAILABLE_IN_1_0
gboolean        p2v_frame_reader_read        (P2vFrameReader       *self,
                                              P2vPhysAddr           pa,
                                              P2vFrame             *ret_frame,
                                              GError              **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (P2vFrameReader, p2v_frame_reader_free)

/**
 * P2vCountCheck:
 * @n_compared: frames of the image that are mapped, as the index or the system has it, and whose
 * mappings the system counts
 * @n_fewer: of them, those of which fewer were found: an address space is missing, or memory
 * changed while the image was taken
 * @n_more: of them, those of which more were found: memory changed
 * @n_uncounted: frames that are mapped but whose mappings the system does not count
 * @first_differing_pa: the lowest address of a frame with fewer or more
 *
 * How the mappings of the index compare with the system's own counts.
 */
typedef struct
{
  guint64     n_compared;
  guint64     n_fewer;
  guint64     n_more;
  guint64     n_uncounted;
  P2vPhysAddr first_differing_pa;
} P2vCountCheck;

P2V_AVAILABLE_IN_1_0
gboolean        p2v_session_check_counts     (P2vSession           *self,
                                              P2vCountCheck        *ret_check,
                                              GCancellable         *cancellable,
                                              GError              **error);

P2V_AVAILABLE_IN_1_0
P2vFrame       *p2v_session_describe_frame   (P2vSession           *self,
                                              P2vPhysAddr           pa,
                                              GError              **error);
P2V_AVAILABLE_IN_1_0
void            p2v_session_describe_frame_async
                                             (P2vSession           *self,
                                              P2vPhysAddr           pa,
                                              GCancellable         *cancellable,
                                              GAsyncReadyCallback   callback,
                                              gpointer              user_data);
P2V_AVAILABLE_IN_1_0
P2vFrame       *p2v_session_describe_frame_finish
                                             (P2vSession           *self,
                                              GAsyncResult         *result,
                                              GError              **error);

G_END_DECLS
