// SPDX-License-Identifier: Apache-2.0
// Stands between a process and its file system (LD_PRELOAD) and makes calls fail as a full or broken disk does. What fails is
// said in a file that SYNC_FAULTS names: RULES rules of RULE bytes each, in the machine's byte order, mapped by the layer and
// written by the test, which is the same process. `benchmarks/lab/faults` builds it.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum { RULES = 2, TEXT = 492 };
enum { OPEN = 1, WRITE = 2, SYNC = 4, TRUNCATE = 8, RENAME = 16, LINK = 32, UNLINK = 64, MKDIR = 128 };

struct rule {
  volatile int32_t calls;  // which calls, 0 for none
  volatile int32_t left;   // how many go through before one fails
  volatile int32_t error;  // errno
  volatile int32_t always; // whether all later ones fail too
  volatile int32_t torn;   // whether half of a failing write is done first
  volatile int32_t lose;   // whether a failing fsync loses what was written since the one before
  volatile int32_t waits;  // whether it counts only once the first rule has made a call fail
  volatile int32_t fired;  // how many failed
  volatile int32_t seen;   // how many were looked at
  char text[TEXT];         // what the file's path contains
};

static struct rule *rules;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

// What was written to a file of a losing rule since its last fsync
static struct range { dev_t device; ino_t file; off_t offset; size_t length; } *unsynced;
static size_t count, room;

static void *next(const char *name) {
  void *found = dlsym(RTLD_NEXT, name);
  if (!found) abort();
  return found;
}

__attribute__((constructor)) static void begin(void) {
  const char *path = getenv("SYNC_FAULTS");
  int (*real_open)(const char *, int, ...) = next("open");
  int fd = path ? real_open(path, O_RDWR) : -1;
  if (fd < 0) return;
  void *mapped = mmap(NULL, RULES * sizeof(struct rule), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  close(fd);
  if (mapped != MAP_FAILED) rules = mapped;
  // Its children are not tests
  unsetenv("LD_PRELOAD");
}

// The rule by which a call has to fail, or none
static struct rule *failing(int call, const char *path) {
  struct rule *found = NULL;
  for (int i = 0; rules && i < RULES && !found; i++) {
    struct rule *rule = rules + i;
    if (!(rule->calls & call) || (rule->waits && !rules[0].fired) || !strstr(path, rule->text)) continue;
    pthread_mutex_lock(&mutex);
    rule->seen++;
    int due = rule->left-- == 0 || (rule->always && rule->left < 0);
    if (due) { rule->fired++; found = rule; }
    pthread_mutex_unlock(&mutex);
  }
  return found;
}

static struct rule *failing_fd(int call, int fd) {
  char link[64], path[PATH_MAX];
  if (!rules || !((rules[0].calls | rules[1].calls) & call)) return NULL;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) return NULL;
  path[length] = 0;
  return failing(call, path);
}

static int loses(int fd, struct stat *file) {
  return rules && (rules[0].lose || rules[1].lose) && fstat(fd, file) == 0 && S_ISREG(file->st_mode);
}

static void remember(int fd, off_t offset, ssize_t length) {
  struct stat file;
  if (length <= 0 || !loses(fd, &file)) return;
  pthread_mutex_lock(&mutex);
  if (count == room) {
    room = room ? 2 * room : 1024;
    unsynced = realloc(unsynced, room * sizeof *unsynced);
    if (!unsynced) abort();
  }
  unsynced[count++] = (struct range){file.st_dev, file.st_ino, offset, (size_t)length};
  pthread_mutex_unlock(&mutex);
}

// Forgets what was written to the file; after a failure it is garbage from now on
static void settle(int fd, int lost) {
  struct stat file;
  ssize_t (*real)(int, const void *, size_t, off_t) = next("pwrite64");
  if (!loses(fd, &file)) return;
  pthread_mutex_lock(&mutex);
  size_t kept = 0;
  for (size_t i = 0; i < count; i++) {
    struct range range = unsynced[i];
    if (range.device != file.st_dev || range.file != file.st_ino) { unsynced[kept++] = range; continue; }
    if (!lost) continue;
    char *garbage = malloc(range.length);
    if (!garbage) abort();
    memset(garbage, 0xdb, range.length);
    if (real(fd, garbage, range.length, range.offset) != (ssize_t)range.length) abort();
    free(garbage);
  }
  count = kept;
  pthread_mutex_unlock(&mutex);
}

#define FAIL(rule, value) do { errno = (rule)->error; return value; } while (0)

ssize_t write(int fd, const void *bytes, size_t length) {
  ssize_t (*real)(int, const void *, size_t) = next("write");
  struct rule *rule = failing_fd(WRITE, fd);
  if (!rule) return real(fd, bytes, length);
  if (rule->torn && length > 1 && real(fd, bytes, length / 2) < 0) return -1;
  FAIL(rule, -1);
}

static ssize_t write_at(const char *name, int fd, const void *bytes, size_t length, off_t offset) {
  ssize_t (*real)(int, const void *, size_t, off_t) = next(name);
  struct rule *rule = failing_fd(WRITE, fd);
  if (rule && !(rule->torn && length > 1)) FAIL(rule, -1);
  ssize_t done = real(fd, bytes, rule ? length / 2 : length, offset);
  remember(fd, offset, done);
  if (rule) FAIL(rule, -1);
  return done;
}

ssize_t pwrite(int fd, const void *bytes, size_t length, off_t offset) { return write_at("pwrite", fd, bytes, length, offset); }
ssize_t pwrite64(int fd, const void *bytes, size_t length, off64_t offset) { return write_at("pwrite64", fd, bytes, length, offset); }

static int sync_fd(const char *name, int fd) {
  int (*real)(int) = next(name);
  struct rule *rule = failing_fd(SYNC, fd);
  if (rule) { settle(fd, rule->lose); FAIL(rule, -1); }
  int result = real(fd);
  settle(fd, 0);
  return result;
}

int fsync(int fd) { return sync_fd("fsync", fd); }
int fdatasync(int fd) { return sync_fd("fdatasync", fd); }

#define ONE_FD(name, call, type) \
  int name(int fd, type length) { \
    int (*real)(int, type) = next(#name); \
    struct rule *rule = failing_fd(call, fd); \
    if (rule) FAIL(rule, -1); \
    return real(fd, length); \
  }
ONE_FD(ftruncate, TRUNCATE, off_t)
ONE_FD(ftruncate64, TRUNCATE, off64_t)

#define OPENING(name) \
  int name(const char *path, int flags, ...) { \
    int (*real)(const char *, int, ...) = next(#name); \
    va_list more; \
    va_start(more, flags); \
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(more, mode_t) : 0; \
    va_end(more); \
    struct rule *rule = flags & O_CREAT ? failing(OPEN, path) : NULL; \
    if (rule) FAIL(rule, -1); \
    return real(path, flags, mode); \
  }
OPENING(open)
OPENING(open64)

int rename(const char *from, const char *to) {
  int (*real)(const char *, const char *) = next("rename");
  struct rule *rule = failing(RENAME, to);
  if (rule) FAIL(rule, -1);
  return real(from, to);
}

int link(const char *from, const char *to) {
  int (*real)(const char *, const char *) = next("link");
  struct rule *rule = failing(LINK, to);
  if (rule) FAIL(rule, -1);
  return real(from, to);
}

int unlink(const char *path) {
  int (*real)(const char *) = next("unlink");
  struct rule *rule = failing(UNLINK, path);
  if (rule) FAIL(rule, -1);
  return real(path);
}

int mkdir(const char *path, mode_t mode) {
  int (*real)(const char *, mode_t) = next("mkdir");
  struct rule *rule = failing(MKDIR, path);
  if (rule) FAIL(rule, -1);
  return real(path, mode);
}
