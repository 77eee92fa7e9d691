/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* The scenarios of the load "more": memory of the less usual kinds, and processes in odd states.
 * What a kernel does not have is noted, and the scenario goes on without it. */
#define _GNU_SOURCE
#include <alloca.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "rig.h"

/* Source: Linux include/uapi/asm-generic/mman-common.h (6.13), include/uapi/linux/mman.h,
 * include/uapi/linux/userfaultfd.h (6.12), include/uapi/linux/memfd.h. */
#define ADVISE_FREE          8
#define ADVISE_COLD          20
#define ADVISE_PAGEOUT       21
#define ADVISE_COLLAPSE      25
#define ADVISE_GUARD_INSTALL 102
#define REMAP_DONTUNMAP      4
#define MAP_DROP             0x08
#define WP_HUGETLBFS_SHMEM   (1ull << 12)
#define WP_UNPOPULATED       (1ull << 13)
#define FD_CLOEXEC_SEALING   2u
#define ADD_SEALS            1033

#define RW (PROT_READ | PROT_WRITE)
#define OWN (MAP_PRIVATE | MAP_ANONYMOUS)

/* What the command line says behind the scenario: which process of several this is. */
static long number;

static void
advise (char *p, size_t len, int advice)
{
  if (p && madvise (p, len, advice))
    note ("madvise %d: %s", advice, strerror (errno));
}

/* Address space of one's own that begins at a multiple of @align, for MAP_FIXED. */
static char *
reserve (size_t len, size_t align)
{
  char *p = map (NULL, len + align, PROT_NONE, OWN | MAP_NORESERVE, -1, 0);

  if (!p)
    return NULL;
  char *at = (char *)(((uintptr_t)p + align - 1) & ~(align - 1));
  if (at > p)
    munmap (p, at - p);
  munmap (at + len, p + len + align - (at + len));
  return at;
}

static char *
map_at (char *at, size_t len, int prot, int flags, int fd, off_t off)
{
  return at ? map (at, len, prot, flags | MAP_FIXED, fd, off) : NULL;
}

/* An aligned huge page of one's own memory for each of @n, of which the first bytes are written. */
static char *
huge_pages (size_t n)
{
  char *t = map_at (reserve (n * HP, HP), n * HP, RW, OWN, -1, 0);

  advise (t, n * HP, MADV_HUGEPAGE);
  for (size_t i = 0; t && i < n; i++)
    mark (t + i * HP, PG);
  return t;
}

/* ---- huge pages of hugetlbfs ---- */

static int
open_huge_file (const char *name, size_t len)
{
  char path[64];

  mkdir ("/huge", 0755);
  if (access ("/huge/mounted", F_OK))
    {
      if (mount ("hugetlbfs", "/huge", "hugetlbfs", 0, NULL))
        note ("hugetlbfs: %s", strerror (errno));
      close (open ("/huge/mounted", O_CREAT | O_RDWR, 0644));
    }
  snprintf (path, sizeof path, "/huge/%s", name);
  int fd = open (path, O_RDWR | O_CREAT, 0644);
  if (fd < 0 || ftruncate (fd, len))
    note ("%s: %s", path, strerror (errno));
  return fd;
}

/* Processes that do not descend from each other map all of a large file of huge pages, at addresses
 * where they can share a table of it, and where they cannot. */
static void
share_huge_tables (void)
{
  size_t one = (PG / 8) * HP, len = 2 * one + 8 * HP;
  char *at, *p;

  if (sizeof (long) == 4)
    return done ();
  int fd = open_huge_file ("shared", 4 * one);
  at = reserve (len + HP, one);
  if (number == 2) /* not where a table begins */
    at += HP;
  p = map_at (at, len, RW, MAP_SHARED | MAP_NORESERVE, fd, number == 3 ? one : 0);
  if (p && number == 0)
    {
      mark (p + HP, PG);
      mark (p + one + 3 * HP, PG);
      mark (p + 2 * one + HP, PG);
    }
  else if (p)
    {
      touch (p + (number == 3 ? 3 * HP : HP), PG);
      touch (p + one + (number == 3 ? HP : 3 * HP), PG);
    }
  if (p && number == 1) /* what it shares no more */
    mprotect (p + one, one, PROT_READ);
  done ();
}

static void
copy_huge (void)
{
  char *p = map (NULL, 2 * HP, RW, OWN | MAP_HUGETLB, -1, 0);
  int fd = open_huge_file ("private", 3 * HP);
  char *s = map (NULL, HP, RW, MAP_SHARED, fd, 2 * HP);
  char *f = map (NULL, 2 * HP, RW, MAP_PRIVATE, fd, HP);

  mark (p, 2 * HP);
  mark (s, PG);
  touch (f, 2 * HP);
  if (fork () == 0)
    {
      mark (p, PG);
      mark (f + HP, PG);
      done ();
    }
  done ();
}

/* The largest pages, of which there are very few. */
static void
share_gigantic (void)
{
  size_t len = 1ul << 30;

  mkdir ("/huge1g", 0755);
  if (mount ("hugetlbfs", "/huge1g", "hugetlbfs", 0, "pagesize=1G"))
    note ("hugetlbfs: %s", strerror (errno));
  int fd = open ("/huge1g/file", O_RDWR | O_CREAT, 0644);
  if (fd < 0 || ftruncate (fd, len))
    note ("gigantic: %s", strerror (errno));
  char *p = map (NULL, len, RW, MAP_SHARED, fd, 0);
  mark (p, PG);
  if (fork () == 0)
    {
      char *q = map (NULL, len, PROT_READ, MAP_PRIVATE, fd, 0);
      touch (q, PG);
      done ();
    }
  if (p)
    mprotect (p, len, PROT_NONE);
  done ();
}

/* ---- transparent huge pages ---- */

static void
huge_shmem (void)
{
  mkdir ("/hugetmp", 0755);
  if (mount ("tmpfs", "/hugetmp", "tmpfs", 0, "huge=always"))
    note ("tmpfs: %s", strerror (errno));
  int fd = open ("/hugetmp/file", O_RDWR | O_CREAT, 0644);
  if (fd < 0 || ftruncate (fd, 4 * HP))
    note ("huge file: %s", strerror (errno));
  char *p = map_at (reserve (4 * HP, HP), 4 * HP, RW, MAP_SHARED, fd, 0);
  for (int i = 0; p && i < 4; i++)
    mark (p + i * HP, 4 * PG);
  if (fork () == 0)
    {
      /* by pages, for the address is odd; and privately, some written */
      char *q = map_at (reserve (2 * HP, HP) + PG, HP, RW, MAP_SHARED, fd, 0);
      char *r = map_at (reserve (HP, HP), HP, RW, MAP_PRIVATE, fd, 3 * HP);
      touch (q, 8 * PG);
      touch (r, 8 * PG);
      mark (r + 2 * PG, PG);
      if (p)
        munmap (p + HP + 16 * PG, 16 * PG);
      done ();
    }
  if (fallocate (fd, 3 /* PUNCH_HOLE | KEEP_SIZE */, 2 * HP + 64 * PG, 64 * PG))
    note ("punch: %s", strerror (errno));
  usleep (300000);
  touch (p, 2 * HP);
  done ();
}

/* A file in the page cache by large pieces, where the kernel does so. */
static void
huge_file (void)
{
  int fd = mkfile ("/data/large.bin", 2 * HP);

  fsync (fd);
  posix_fadvise (fd, 0, 0, POSIX_FADV_DONTNEED);
  char *p = map_at (reserve (2 * HP, HP), 2 * HP, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
  advise (p, 2 * HP, MADV_HUGEPAGE);
  touch (p, HP);
  if (p && madvise (p, 2 * HP, ADVISE_COLLAPSE))
    note ("collapse: %s", strerror (errno));
  touch (p, 2 * HP);
  if (p)
    mprotect (p + 3 * PG, PG, PROT_READ);
  done ();
}

static void
split_huge (void)
{
  char *t = huge_pages (10);
  char *odd = reserve (2 * HP, HP);

  if (!t)
    return done ();
  if (fork () == 0)
    {
      mark (t + 5 * PG, PG); /* copied: the huge page is split, or a page of its own made */
      munmap (t + HP, 8 * PG);
      done ();
    }
  usleep (300000);
  munmap (t + 2 * HP + 100 * PG, 100 * PG);
  advise (t + 3 * HP + 100 * PG, 100 * PG, MADV_DONTNEED);
  advise (t + 4 * HP, HP, ADVISE_PAGEOUT);
  touch (t + 4 * HP, 8 * PG);
  advise (t + 5 * HP, 16 * PG, ADVISE_PAGEOUT);
  mprotect (t + 6 * HP + HP / 2, HP / 2, PROT_NONE);
  /* moved as a whole, by a half, and where a huge page cannot be */
  mremap (t + 7 * HP, HP, HP, MREMAP_MAYMOVE | MREMAP_FIXED, reserve (HP, HP));
  mremap (t + 8 * HP, HP / 2, HP / 2, MREMAP_MAYMOVE | MREMAP_FIXED, reserve (HP, HP));
  if (odd)
    mremap (t + 9 * HP, HP, HP, MREMAP_MAYMOVE | MREMAP_FIXED, odd + PG);
  done ();
}

/* Pages that are larger than one and smaller than a huge one. */
static void
medium_pages (void)
{
  write_text ("/sys/kernel/mm/transparent_hugepage/hugepages-64kB/enabled", "always");
  char *p = map_at (reserve (HP, HP), HP, RW, OWN, -1, 0);
  mark (p, HP);
  if (fork () == 0)
    {
      mark (p + 17 * PG, PG);
      munmap (p + 32 * PG, 3 * PG);
      done ();
    }
  usleep (300000);
  advise (p + 64 * PG, 32 * PG, ADVISE_PAGEOUT);
  touch (p + 64 * PG, 2 * PG);
  mprotect (p + 100 * PG, 5 * PG, PROT_NONE);
  write_text ("/sys/kernel/mm/transparent_hugepage/hugepages-64kB/enabled", "never");
  done ();
}

/* ---- what the kernel does to pages by itself ---- */

static void
merge_pages (void)
{
  for (int i = 0; i < 3; i++)
    if (fork () == 0)
      {
        char *p = map (NULL, 24 * PG, RW, OWN, -1, 0);
        for (size_t o = 0; p && o < 24 * PG; o++)
          p[o] = (char)(o / PG / 12 * ('m' + o / PG % 2));
        advise (p, 24 * PG, MADV_MERGEABLE);
        ready ();
        sleep (6);
        if (i == 2)
          mark (p + 14 * PG, PG);
        forever ();
      }
  sleep (1);
  write_text ("/sys/kernel/mm/ksm/use_zero_pages", "1");
  write_text ("/sys/kernel/mm/ksm/pages_to_scan", "1000");
  write_text ("/sys/kernel/mm/ksm/run", "1");
  for (int i = 0; i < 40 && read_number ("/sys/kernel/mm/ksm/pages_sharing") < 30; i++)
    usleep (100000);
  sleep (1);
  write_text ("/sys/kernel/mm/ksm/run", "0");
  note ("%ld pages are shared", read_number ("/sys/kernel/mm/ksm/pages_sharing"));
  sleep (3);
  done ();
}

/* Pages that the process has said to need no more, each in another way; some used again. */
static void
tell_off (void)
{
  char *p = anon (96 * PG);

  advise (p, 16 * PG, ADVISE_FREE);
  advise (p + 16 * PG, 16 * PG, ADVISE_COLD);
  advise (p + 32 * PG, 16 * PG, ADVISE_PAGEOUT);
  advise (p + 48 * PG, 4 * PG, MADV_DONTFORK);
  advise (p + 52 * PG, 4 * PG, MADV_WIPEONFORK);
  advise (p + 64 * PG, 8 * PG, ADVISE_GUARD_INSTALL);
  mark (p + 2 * PG, 2 * PG);
  touch (p + 34 * PG, 4 * PG);
  mark (p + 40 * PG, PG);
  char *d = mmap (NULL, 8 * PG, RW, MAP_DROP | MAP_ANONYMOUS, -1, 0);
  if (d != MAP_FAILED)
    mark (d, 8 * PG);
  if (fork () == 0)
    {
      mark (p + 53 * PG, PG);
      touch (p + 44 * PG, 2 * PG);
      done ();
    }
  done ();
}

/* Compressed in memory before it goes to the swap file. */
static void
compress (void)
{
  char *p = map (NULL, 256 * PG, RW, OWN, -1, 0);

  write_text ("/sys/module/zswap/parameters/compressor", "lzo-rle");
  write_text ("/sys/module/zswap/parameters/zpool", "zsmalloc");
  write_text ("/sys/module/zswap/parameters/enabled", "Y");
  for (size_t i = 0; p && i < 256; i++)
    memset (p + i * PG, (int)(i / 2), PG / 2);
  mark (p, 128 * PG);
  advise (p, 256 * PG, ADVISE_PAGEOUT);
  touch (p + 8 * PG, 4 * PG);
  touch (p + 200 * PG, 4 * PG);
  mark (p + 30 * PG, PG);
  write_text ("/sys/module/zswap/parameters/enabled", "N");
  done ();
}

/* Areas that were changed, moved and put over others. */
static void
move_areas (void)
{
  char *p = anon (64 * PG);
  char *big = map_at (reserve (2 * HP, HP), 2 * HP, RW, OWN, -1, 0);
  char *to = reserve (2 * HP, HP), *left = anon (16 * PG);
  char path[32];

  advise (big, 2 * HP, MADV_NOHUGEPAGE);
  mark (big, 2 * HP);
  if (to) /* whole tables of pages are moved */
    mremap (big, 2 * HP, 2 * HP, MREMAP_MAYMOVE | MREMAP_FIXED, to);
  mremap (left, 16 * PG, 16 * PG, MREMAP_MAYMOVE | REMAP_DONTUNMAP, NULL);
  mark (left + 3 * PG, PG);
  map_at (p + 8 * PG, 8 * PG, PROT_READ, OWN, -1, 0);
  map_at (p + 24 * PG, 4 * PG, RW, MAP_PRIVATE, mkfile ("/data/over.bin", 8 * PG), 2 * PG);
  touch (p + 8 * PG, 2 * PG);
  touch (p + 24 * PG, 4 * PG);
  mremap (p + 60 * PG, 4 * PG, 32 * PG, MREMAP_MAYMOVE);
  mlock (p, 4 * PG);
  syscall (SYS_mlock2, p + 32 * PG, 8 * PG, 1 /* MLOCK_ONFAULT */);
  snprintf (path, sizeof path, "/proc/self/clear_refs");
  write_text (path, "4"); /* soft-dirty */
  mark (p + 40 * PG, 4 * PG);
  done ();
}

/* ---- userfaultfd ---- */

static int
open_faults (uint64_t features)
{
  struct uffdio_api api = { .api = UFFD_API, .features = features };
  int fd = syscall (SYS_userfaultfd, O_CLOEXEC);

  if (fd < 0 || ioctl (fd, UFFDIO_API, &api))
    note ("userfaultfd %llx: %s", (unsigned long long)features, strerror (errno));
  return fd;
}

static void
unprotect (int fd, char *p, size_t len)
{
  struct uffdio_writeprotect wp = { .range = { (uintptr_t)p, len } };

  if (ioctl (fd, UFFDIO_WRITEPROTECT, &wp))
    note ("no write protection: %s", strerror (errno));
}

/* Write protection of what is there, what was there, and what never was. @number: 0 with marks where
 * nothing is, 1 without. */
static void
protect_writes (void)
{
  int fd = open_faults (UFFD_FEATURE_PAGEFAULT_FLAG_WP
                        | (number == 0 ? WP_HUGETLBFS_SHMEM | WP_UNPOPULATED : 0));
  char *a = map (NULL, 32 * PG, RW, OWN, -1, 0);
  char *s = map (NULL, 32 * PG, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  char *t = huge_pages (3);
  char *h = number == 0 ? map (NULL, 3 * HP, RW, MAP_SHARED | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0) : NULL;
  char *z = map (NULL, 8 * PG, RW, OWN, -1, 0);

  mark (a, 16 * PG);
  mark (s, 16 * PG);
  touch (z, 4 * PG);
  if (h)
    mark (h, PG);
  advise (a, 4 * PG, ADVISE_PAGEOUT);
  uffd_protect (fd, a, 32 * PG);
  uffd_protect (fd, z, 8 * PG);
  if (t)
    uffd_protect (fd, t, 3 * HP);
  if (number == 0)
    uffd_protect (fd, s, 32 * PG);
  if (h)
    uffd_protect (fd, h, 3 * HP);
  advise (a + 6 * PG, 2 * PG, ADVISE_PAGEOUT);
  advise (s + 6 * PG, 2 * PG, ADVISE_PAGEOUT);
  unprotect (fd, a + 10 * PG, 2 * PG);
  if (t)
    {
      unprotect (fd, t + HP, 4 * PG);
      unprotect (fd, t + 2 * HP, HP);
    }
  mprotect (a + 12 * PG, 2 * PG, PROT_NONE);
  touch (a + 6 * PG, PG);
  touch (s + 6 * PG, PG);
  touch (s + 20 * PG, PG);
  if (fork () == 0)
    done (); /* the child's pages are protected no more */
  done ();
}

/* ---- where memory comes from ---- */

static void
map_packets (void)
{
  /* Two pieces of several pages each, given away page by page. */
  struct tpacket_req req = { .tp_block_size = 4 * PG, .tp_block_nr = 2, .tp_frame_size = 2048,
                             .tp_frame_nr = 2 * 4 * PG / 2048 };
  int fd = socket (AF_PACKET, SOCK_RAW, 0);

  if (fd < 0 || setsockopt (fd, SOL_PACKET, PACKET_RX_RING, &req, sizeof req))
    note ("packet ring: %s", strerror (errno));
  else
    touch (map (NULL, 8 * PG, RW, MAP_SHARED, fd, 0), 8 * PG);
}

/* A buffer for devices, made of the pages of a file in memory. */
static void
map_buffer (void)
{
  struct
  {
    unsigned fd, flags;
    unsigned long long offset, size;
  } create = { .size = 4 * PG };
  int fd = syscall (SYS_memfd_create, "rigudmabuf", FD_CLOEXEC_SEALING);
  int dev = open ("/dev/udmabuf", O_RDWR);

  if (fd < 0 || dev < 0 || ftruncate (fd, 8 * PG) || fcntl (fd, ADD_SEALS, 2 /* F_SEAL_SHRINK */))
    {
      note ("udmabuf: %s", strerror (errno));
      return;
    }
  create.fd = fd;
  create.offset = 2 * PG;
  int buffer = ioctl (dev, _IOW ('u', 0x42, create), &create);
  if (buffer < 0)
    note ("udmabuf: %s", strerror (errno));
  else
    touch (map (NULL, 4 * PG, RW, MAP_SHARED, buffer, 0), 4 * PG);
}

/* A table of the kernel's that programs read, in memory that the kernel maps page by page. */
static void
map_table (void)
{
  struct
  {
    unsigned type, key_size, value_size, max_entries, flags, rest[20];
  } create = { 2 /* BPF_MAP_TYPE_ARRAY */, 4, 64, 1024, 1 << 10 /* BPF_F_MMAPABLE */, { 0 } };
#ifdef SYS_bpf
  int fd = syscall (SYS_bpf, 0 /* BPF_MAP_CREATE */, &create, sizeof create);

  if (fd < 0)
    note ("bpf: %s", strerror (errno));
  else
    touch (map (NULL, 8 * PG, RW, MAP_SHARED, fd, 0), 8 * PG);
#endif
}

static void
map_sources (void)
{
  int fd = syscall (SYS_memfd_create, "rig sealed", FD_CLOEXEC_SEALING);

  if (fd >= 0 && ftruncate (fd, 8 * PG) == 0)
    {
      char *p = map (NULL, 4 * PG, RW, MAP_SHARED, fd, 0);
      mark (p, 4 * PG);
      if (p)
        munmap (p, 4 * PG);
      if (fcntl (fd, ADD_SEALS, 0xf))
        note ("seals: %s", strerror (errno));
      touch (map (NULL, 8 * PG, PROT_READ, MAP_SHARED, fd, 0), 4 * PG);
    }
  int id = shmget (0x52494701, 8 * PG, IPC_CREAT | 0600);
  char *s = shmat (id, NULL, 0);
  if (s != (char *)-1)
    mark (s, 6 * PG);
  shmctl (id, IPC_RMID, NULL);
  id = shmget (IPC_PRIVATE, HP, IPC_CREAT | SHM_HUGETLB | 0600);
  s = shmat (id, NULL, 0);
  if (s != (char *)-1)
    mark (s, PG);
  else
    note ("huge shm: %s", strerror (errno));
  fd = open ("/dev/zero", O_RDWR);
  mark (map (NULL, 4 * PG, RW, MAP_SHARED, fd, 0), 2 * PG);
  touch (map (NULL, 4 * PG, RW, MAP_PRIVATE, fd, 0), 2 * PG);
  fd = mkfile ("/data/gone.bin", 4 * PG);
  touch (map (NULL, 4 * PG, PROT_READ, MAP_SHARED, fd, 0), 4 * PG);
  unlink ("/data/gone.bin");
  map_packets ();
  map_buffer ();
  map_table ();
  if (fork () == 0)
    {
      touch (s, PG);
      done ();
    }
  done ();
}

static sigjmp_buf refused;

static void
on_bus (int number)
{
  (void)number;
  siglongjmp (refused, 1);
}

/* Not every device lets itself be read. */
static void
try_touch (char *p, size_t len)
{
  signal (SIGBUS, on_bus);
  if (sigsetjmp (refused, 1))
    note ("no answer at %p", (void *)p);
  else
    touch (p, len);
  signal (SIGBUS, SIG_DFL);
}

/* Memory of devices and of the firmware: what a device has, the first page. */
static void
map_devices (void)
{
  char path[96];

  for (int device = 0; device < 8; device++)
    for (int bar = 0; bar < 6; bar++)
      {
        struct stat st;
        snprintf (path, sizeof path, "/sys/bus/pci/devices/0000:00:%02x.0/resource%d", device, bar);
        int fd = open (path, O_RDWR);
        if (fd < 0)
          continue;
        char *p = fstat (fd, &st) || st.st_size < (off_t)PG
                    ? MAP_FAILED
                    : mmap (NULL, PG, PROT_READ, MAP_SHARED, fd, 0);
        if (p != MAP_FAILED)
          try_touch (p, PG);
        close (fd);
      }
  int fd = open ("/dev/fb0", O_RDWR);
  if (fd >= 0)
    touch (map (NULL, 4 * PG, RW, MAP_SHARED, fd, 0), 4 * PG);
  else
    note ("fb0: %s", strerror (errno));
  fd = open ("/dev/mem", O_RDONLY);
  if (fd >= 0 && access ("/sys/bus/isa", F_OK) == 0)
    touch (map (NULL, 2 * PG, PROT_READ, MAP_SHARED, fd, 0xf0000), 2 * PG);
  done ();
}

/* ---- names ---- */

static void
name_things (void)
{
  static const char *const names[]
      = { "/data/caf\xc3\xa9 \xe2\x98\x83", "/data/\x1b[31mred\x1b[0m", "/data/\xff\xfe raw",
          "/data/back\\slash \\012", "/data/new\nline (deleted)", "/data/tab\tquote\"'" };
  char *p = anon (8 * PG);

  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    touch (map (NULL, PG, PROT_READ, MAP_PRIVATE, mkfile (names[i], 2 * PG), PG), PG);
  /* A path that is longer than a system call takes. */
  if (chdir ("/data") == 0)
    {
      char name[201] = "";
      memset (name, 'd', 200);
      for (int i = 0; i < 24; i++)
        if (mkdir (name, 0755) || chdir (name))
          note ("deep: %s", strerror (errno));
      touch (map (NULL, PG, PROT_READ, MAP_PRIVATE, mkfile ("deepest", PG), 0), PG);
    }
  prctl (0x53564d41 /* PR_SET_VMA */, 0, p + 2 * PG, 2 * PG, "rig named");
  prctl (PR_SET_NAME, "b\x1b\x7f\xe2\x98\x83=\t\\\"x");
  done ();
}

/* Files behind mounts: bound, hidden by another, and taken away. In namespaces of namespaces. */
static void
mount_things (void)
{
  if (unshare (CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET))
    note ("unshare: %s", strerror (errno));
  mount (NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
  mkdir ("/data/m1", 0755);
  mkdir ("/data/m2", 0755);
  mkdir ("/data/m3", 0755);
  if (mount ("tmpfs", "/data/m1", "tmpfs", 0, NULL) || mount ("tmpfs", "/data/m2", "tmpfs", 0, NULL)
      || mount ("/data/m1", "/data/m3", NULL, MS_BIND, NULL))
    note ("mount: %s", strerror (errno));
  mkdir ("/data/m1/dir", 0755);
  int fd = mkfile ("/data/m1/dir/one", 2 * PG);
  touch (map (NULL, 2 * PG, PROT_READ, MAP_SHARED, fd, 0), 2 * PG);
  fd = open ("/data/m3/dir/one", O_RDONLY);
  touch (map (NULL, PG, PROT_READ, MAP_SHARED, fd, PG), PG);
  fd = mkfile ("/data/m2/detached", 2 * PG);
  touch (map (NULL, 2 * PG, PROT_READ, MAP_SHARED, fd, 0), 2 * PG);
  umount2 ("/data/m2", MNT_DETACH);
  mount ("tmpfs", "/data/m1", "tmpfs", 0, NULL);
  close (mkfile ("/data/bound", PG));
  mount ("/bin/busybox", "/data/bound", NULL, MS_BIND, NULL);
  fd = open ("/data/bound", O_RDONLY);
  touch (map (NULL, PG, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0), PG);
  if (fork () == 0)
    {
      if (unshare (CLONE_NEWPID | CLONE_NEWNS))
        note ("unshare: %s", strerror (errno));
      if (fork () == 0)
        {
          if (chroot ("/data/m3") || chdir ("/"))
            note ("chroot: %s", strerror (errno));
          fd = open ("/dir/one", O_RDONLY);
          touch (map (NULL, PG, PROT_READ, MAP_PRIVATE, fd, 0), PG);
          anon (2 * PG);
          done ();
        }
      done ();
    }
  done ();
}

/* ---- processes ---- */

static void *
rest (void *unused)
{
  (void)unused;
  forever ();
}

static void
many_threads (void)
{
  pthread_attr_t attr;
  pthread_t thread;
  int n = 0;

  pthread_attr_init (&attr);
  pthread_attr_setstacksize (&attr, 16 * PG);
  while (n < 2000 && pthread_create (&thread, &attr, rest, NULL) == 0)
    n++;
  note ("%d threads", n);
  sleep (2);
  done ();
}

static void
many_areas (void)
{
  size_t n = 30000;
  char *p = map (NULL, n * PG, RW, OWN | MAP_NORESERVE, -1, 0);

  for (size_t i = 0; p && i < n; i += 100)
    mark (p + i * PG, PG);
  for (size_t i = 1; p && i < n; i += 2)
    if (mprotect (p + i * PG, PG, PROT_READ))
      {
        note ("%zu areas: %s", i, strerror (errno));
        break;
      }
  done ();
}

/* A thread of the kernel works on this memory. */
static void
poll_ring (void)
{
  unsigned ring[30] = { 0 };

  ring[2] = 2; /* IORING_SETUP_SQPOLL */
  ring[4] = 100000000;
  int fd = syscall (425, 8, ring);
  if (fd < 0)
    note ("io_uring: %s", strerror (errno));
  else
    touch (map (NULL, PG, RW, MAP_SHARED, fd, 0), PG);
  fd = open ("/dev/vhost-net", O_RDWR);
  if (fd < 0 || ioctl (fd, _IO (0xaf, 1)))
    note ("vhost: %s", strerror (errno));
  anon (4 * PG);
  done ();
}

static void
trace (void)
{
  int child = fork ();

  if (child == 0)
    {
      anon (4 * PG);
      done ();
    }
  usleep (500000);
  if (ptrace (PTRACE_SEIZE, child, 0, 0) || ptrace (PTRACE_INTERRUPT, child, 0, 0))
    note ("ptrace: %s", strerror (errno));
  waitpid (child, NULL, 0);
  done ();
}

/* A page that never comes: who reads it waits for ever. */
static char *
never (void)
{
  char *p = map (NULL, PG, RW, OWN, -1, 0);
  struct uffdio_register reg
      = { .range = { (uintptr_t)p, PG }, .mode = UFFDIO_REGISTER_MODE_MISSING };

  if (ioctl (open_faults (0), UFFDIO_REGISTER, &reg))
    note ("register: %s", strerror (errno));
  return p;
}

/* In the middle of an exec: the new memory is there, the old one still in use. */
static void
execute (void)
{
  anon (6 * PG);
  if (fork () == 0)
    {
      char *arguments[] = { "/bin/busybox", "sleep", never (), NULL };
      anon (3 * PG);
      ready ();
      execv (arguments[0], arguments);
      note ("exec: %s", strerror (errno));
      forever ();
    }
  done ();
}

/* Killed, and its memory is being written to a pipe that nobody reads. */
static void
dump_core (void)
{
  struct rlimit limit = { RLIM_INFINITY, RLIM_INFINITY };

  write_text ("/proc/sys/kernel/core_pattern", "|/bin/busybox sleep 100000");
  if (fork () == 0)
    {
      pthread_t thread;
      setrlimit (RLIMIT_CORE, &limit);
      pthread_create (&thread, NULL, rest, NULL);
      anon (64 * PG);
      ready ();
      abort ();
    }
  sleep (2);
  done ();
}

/* A parent that keeps what is left of the memory of a child that is gone. */
static void
keep_memory (void)
{
  char path[32];
  int child = fork ();

  if (child == 0)
    {
      anon (32 * PG);
      sleep (2);
      _exit (0);
    }
  usleep (500000);
  snprintf (path, sizeof path, "/proc/%d/mem", child);
  if (open (path, O_RDWR) < 0)
    note ("%s: %s", path, strerror (errno));
  waitpid (child, NULL, 0);
  anon (2 * PG);
  done ();
}

static int
grow_stack (int n)
{
  volatile char *p = alloca (16 * PG);

  for (size_t i = 0; i < 16 * PG; i += PG)
    p[i] = (char)n;
  return n == 0 ? p[0] : grow_stack (n - 1) + p[PG];
}

static void
sort_areas (void)
{
  grow_stack (16);
  char *p = anon (8 * PG);
  /* PR_SET_MM: the heap and the stack are said to be elsewhere */
  if (prctl (PR_SET_MM, 7 /* BRK */, p + 6 * PG, 0, 0)
      || prctl (PR_SET_MM, 6 /* START_BRK */, p + 4 * PG, 0, 0))
    note ("brk: %s", strerror (errno));
  if (prctl (PR_SET_MM, 5 /* START_STACK */, p + PG, 0, 0))
    note ("stack: %s", strerror (errno));
  done ();
}

/* The lowest and the highest page there can be. */
static void
map_ends (void)
{
  static const uint64_t ends[] = { 0x7ffffffff000, 0x1000000000000, 0xc0000000, 0xfffff000,
                                   0xffffe000, 0x100000000 };

  mark (map ((void *)0, 2 * PG, RW, OWN | MAP_FIXED, -1, 0), 2 * PG);
  for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
    {
      char *at = (char *)(uintptr_t)(ends[i] - PG);
      if (sizeof (long) == 4 && ends[i] > 1ull << 32)
        continue;
      char *p = mmap (at, PG, RW, OWN | MAP_FIXED_NOREPLACE, -1, 0);
      if (p == at)
        mark (p, PG);
    }
  done ();
}

/* Rights that a key takes away, and code that cannot be read. */
static void
lock_pages (void)
{
#ifdef SYS_pkey_alloc
  char *p = anon (16 * PG);
  int key = syscall (SYS_pkey_alloc, 0, 0);

  if (key < 0)
    note ("pkey: %s", strerror (errno));
  else if (syscall (SYS_pkey_mprotect, p, 4 * PG, RW, key)
           || syscall (SYS_pkey_mprotect, p + 4 * PG, 4 * PG, PROT_NONE, key))
    note ("pkey: %s", strerror (errno));
  mprotect (p + 8 * PG, 4 * PG, PROT_EXEC);
#endif
  done ();
}

/* ---- all of them ---- */

static const struct
{
  const char *name;
  void (*play) (void);
} scenarios[] = {
  { "hugetables", share_huge_tables },
  { "hugecow", copy_huge },
  { "gigantic", share_gigantic },
  { "hugeshmem", huge_shmem },
  { "hugefile", huge_file },
  { "hugesplit", split_huge },
  { "medium", medium_pages },
  { "merge", merge_pages },
  { "telloff", tell_off },
  { "compress", compress },
  { "move", move_areas },
  { "protect", protect_writes },
  { "sources", map_sources },
  { "devices", map_devices },
  { "names", name_things },
  { "mounts", mount_things },
  { "threads2k", many_threads },
  { "areas30k", many_areas },
  { "polled", poll_ring },
  { "traced", trace },
  { "exec", execute },
  { "core", dump_core },
  { "kept", keep_memory },
  { "heapmoved", sort_areas },
  { "ends", map_ends },
  { "keys", lock_pages },
};

void
play_more (const char *name, long n)
{
  number = n;
  for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++)
    if (!strcmp (name, scenarios[i].name))
      scenarios[i].play ();
  note ("unknown scenario");
}
