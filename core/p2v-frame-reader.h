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
