// Preloaded into the server by the tests: writes down the calls that matter for the order of
// start-up and makes those that touch the model's files slow, as a cold network disk would.
//
//   EMBD_SHIM_FOLDER  calls on files below it are traced and delayed; a file renamed to a name
//                     there has it before the delay
//   EMBD_SHIM_DELAY   milliseconds that each such call takes longer
//   EMBD_SHIM_TRACE   file that gets one line a call: "open <path>", "map", "rename", "bind", "listen"

#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static void Trace(const char* what, const char* detail) {
  const char* path = getenv("EMBD_SHIM_TRACE");
  if (path == NULL) return;
  char line[PATH_MAX + 64];
  const int length = snprintf(line, sizeof line, "%s %s\n", what, detail);
  const int file = NEXT(open)(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (file < 0) return;
  if (write(file, line, (size_t)length) != length) abort();
  close(file);
}

static void Delay(void) {
  const char* text = getenv("EMBD_SHIM_DELAY");
  const long milliseconds = text != NULL ? atol(text) : 0;
  struct timespec left = {milliseconds / 1000, milliseconds % 1000 * 1000000};
  while (nanosleep(&left, &left) != 0) {
  }
}

static int IsWatched(const char* path) {
  const char* folder = getenv("EMBD_SHIM_FOLDER");
  return folder != NULL && strncmp(path, folder, strlen(folder)) == 0;
}

static void BeforeOpen(const char* path) {
  if (!IsWatched(path)) return;
  Trace("open", path);
  Delay();
}

#define MODE(flags, mode)                       \
  mode_t mode = 0;                              \
  if (((flags) & (O_CREAT | O_TMPFILE)) != 0) { \
    va_list list;                               \
    va_start(list, flags);                      \
    mode = va_arg(list, mode_t);                \
    va_end(list);                               \
  }

int open(const char* path, int flags, ...) {
  MODE(flags, mode)
  BeforeOpen(path);
  return NEXT(open)(path, flags, mode);
}

int open64(const char* path, int flags, ...) {
  MODE(flags, mode)
  BeforeOpen(path);
  return NEXT(open64)(path, flags, mode);
}

int openat(int folder, const char* path, int flags, ...) {
  MODE(flags, mode)
  BeforeOpen(path);
  return NEXT(openat)(folder, path, flags, mode);
}

FILE* fopen(const char* path, const char* mode) {
  BeforeOpen(path);
  return NEXT(fopen)(path, mode);
}

FILE* fopen64(const char* path, const char* mode) {
  BeforeOpen(path);
  return NEXT(fopen64)(path, mode);
}

static void BeforeMap(int file) {
  char link[64];
  char path[PATH_MAX];
  if (file < 0) return;
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  const ssize_t length = readlink(link, path, sizeof path - 1);
  if (length <= 0) return;
  path[length] = '\0';
  if (!IsWatched(path)) return;
  Trace("map", path);
  Delay();
}

void* mmap(void* address, size_t length, int protection, int flags, int file, off_t offset) {
  BeforeMap(file);
  return NEXT(mmap)(address, length, protection, flags, file, offset);
}

void* mmap64(void* address, size_t length, int protection, int flags, int file, off64_t offset) {
  BeforeMap(file);
  return NEXT(mmap64)(address, length, protection, flags, file, offset);
}

int rename(const char* from, const char* to) {
  const int result = NEXT(rename)(from, to);
  if (IsWatched(to)) {
    Trace("rename", to);
    Delay();
  }
  return result;
}

int bind(int socket, const struct sockaddr* address, socklen_t length) {
  Trace("bind", "");
  return NEXT(bind)(socket, address, length);
}

int listen(int socket, int backlog) {
  Trace("listen", "");
  return NEXT(listen)(socket, backlog);
}
