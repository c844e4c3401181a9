/* What of ncursesw, the terminal driver and POSIX signals Swift cannot reach by itself: global variables, computed
   macros, structs with C arrays, and code that runs inside a signal handler. Everything is static inline: a system
   library target has no object file of its own. */
#ifndef HOOKUP_CNCURSESW_SHIM_H
#define HOOKUP_CNCURSESW_SHIM_H

#define NCURSES_WIDECHAR 1
#define NCURSES_NOMACROS 1
#include <curses.h>
#include <elf.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <termios.h>
#include <unistd.h>
#include <wchar.h>

/* <wchar.h>, <string.h> and <spawn.h> declare them only under a feature macro that the module's importer may not have set. */
extern int wcwidth(wchar_t);
extern const char *sigabbrev_np(int);
extern int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *, int);

/* ---- Globals of curses.h ---- */

/* A terminal on this process's stdout and stdin; NULL when TERM is unknown. Never exits, unlike initscr. */
static inline SCREEN *hk_newterm(void) { return newterm(NULL, stdout, stdin); }
static inline WINDOW *hk_stdscr(void) { return stdscr; }
static inline WINDOW *hk_curscr(void) { return curscr; }
/* Colours the terminal has; 0 or less before start_color. */
static inline int hk_colors(void) { return COLORS; }
static inline int hk_color_pairs(void) { return COLOR_PAIRS; }

/* Whether the terminal has the string capability: tigetstr answers -1 and NULL for the two kinds of no. */
static inline int hk_has_string(const char *name) {
  char *value = tigetstr(name);
  return value != NULL && value != (char *)-1;
}

/* ---- Cells ---- */

enum { HK_BOLD = 1, HK_UNDERLINE = 2, HK_REVERSE = 4, HK_DIM = 8 };
enum { HK_CELL_SCALARS = 5 };

/* One base cell of the screen as Swift hands it over; right halves of wide cells are left out. */
typedef struct {
  uint32_t scalars[HK_CELL_SCALARS];
  uint8_t count; /* of scalars, 1...5 */
  uint8_t width; /* columns, 1 or 2 */
  uint8_t attributes; /* HK_BOLD | … */
  uint8_t pair; /* colour pair, 0 for the terminal's own colours */
} hk_cell;

static inline void hk_cell_set(hk_cell *cell, int index, uint32_t scalar) {
  if (index >= 0 && index < HK_CELL_SCALARS) cell->scalars[index] = scalar;
}

static inline attr_t hk_attributes(uint8_t bits) {
  attr_t result = WA_NORMAL;
  if (bits & HK_BOLD) result |= WA_BOLD;
  if (bits & HK_UNDERLINE) result |= WA_UNDERLINE;
  if (bits & HK_REVERSE) result |= WA_REVERSE;
  if (bits & HK_DIM) result |= WA_DIM;
  return result;
}

/* Whether a scalar of width 0 is an ordinary mark, not a control that reorders, joins or hides text. */
static inline int hk_is_mark(uint32_t scalar) {
  if (scalar >= 0x200B && scalar <= 0x200F) return 0;
  if (scalar >= 0x2028 && scalar <= 0x202E) return 0;
  if (scalar >= 0x2060 && scalar <= 0x206F) return 0;
  if (scalar == 0x00AD || scalar == 0x061C || scalar == 0xFEFF) return 0;
  if (scalar >= 0xFFF9 && scalar <= 0xFFFB) return 0;
  if (scalar >= 0xFE00 && scalar <= 0xFE0F) return 0;
  if (scalar >= 0xE0000 && scalar <= 0xE0FFF) return 0;
  return scalar <= 0x10FFFF && wcwidth((wchar_t)scalar) == 0;
}

/* Writes one cell as ncurses will measure it too; answers how many cchar_t it took (1, or 2 where this host's wcwidth
   does not know a wide scalar and a sign of width 1 and a blank stand in for it). The last gate before the terminal:
   no control gets through, whatever the grid holds. */
static inline int hk_cchars(const hk_cell *cell, cchar_t *into) {
  wchar_t text[HK_CELL_SCALARS + 1];
  attr_t attributes = hk_attributes(cell->attributes);
  uint32_t base = cell->count > 0 ? cell->scalars[0] : ' ';
  int measured = base <= 0x10FFFF ? wcwidth((wchar_t)base) : -1;
  int length = 0;
  if (measured != cell->width || measured < 1 || measured > 2) {
    text[length++] = wcwidth(0xFFFD) == 1 ? 0xFFFD : '?';
  } else {
    text[length++] = (wchar_t)base;
    for (int i = 1; i < cell->count && i < HK_CELL_SCALARS; i++) {
      if (hk_is_mark(cell->scalars[i])) text[length++] = (wchar_t)cell->scalars[i];
    }
    measured = 0;
  }
  text[length] = 0;
  setcchar(&into[0], text, attributes, cell->pair, NULL);
  if (measured == 0 || cell->width < 2) return 1;
  text[0] = ' ';
  text[1] = 0;
  setcchar(&into[1], text, attributes, cell->pair, NULL);
  return 2;
}

/* Puts `count` cells from column x of row y of the standard screen, in pieces, without moving its cursor and without
   wrapping: the bottom right cell is like any other. Columns beyond the screen are left out. */
static inline void hk_put_row(int y, int x, const hk_cell *cells, int count) {
  enum { piece = 128 };
  cchar_t out[piece + 2];
  int columns = getmaxx(stdscr);
  if (y < 0 || y >= getmaxy(stdscr) || x < 0) return;
  while (count > 0) {
    int used = 0, width = 0;
    while (count > 0 && used < piece) {
      int advance = cells->width == 2 ? 2 : 1;
      if (x + width + advance > columns) {
        count = 0;
        break;
      }
      used += hk_cchars(cells, &out[used]);
      width += advance;
      cells++;
      count--;
    }
    if (used > 0) mvwadd_wchnstr(stdscr, y, x, out, used);
    x += width;
  }
}

/* ---- The terminal device ---- */

/* The size of the terminal on `descriptor`; 0 when it is known. */
static inline int hk_window_size(int descriptor, int *columns, int *rows) {
  struct winsize size;
  memset(&size, 0, sizeof size);
  if (ioctl(descriptor, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0) return -1;
  *columns = size.ws_col;
  *rows = size.ws_row;
  return 0;
}

/* ---- Signals ---- */

enum { HK_WATCHED_SIGNALS = 6 };

/* The signals that came and nobody has looked at, as a set of bits, and the event descriptor that says so. Lives as long
   as the process once installed.

   Handlers, not blocked signals and a signalfd: libdispatch parks the main thread of an async program in sigsuspend
   with nothing blocked, where every signal to the process would end. */
typedef struct {
  int event;
  uint32_t pending; /* bit n for signal n; atomic */
  struct sigaction old[HK_WATCHED_SIGNALS];
} hk_signals;

static inline int hk_watched_signal(int index) {
  switch (index) {
    case 0: return SIGWINCH;
    case 1: return SIGTERM;
    case 2: return SIGHUP;
    case 3: return SIGINT;
    case 4: return SIGTSTP;
    default: return SIGCONT;
  }
}

/* Each object file that uses this has its own slot; hk_signals_install and hk_signals_handler always share one. */
static inline hk_signals **hk_signals_slot(void) {
  static hk_signals *slot = NULL;
  return &slot;
}

static inline int hk_ends_program(int number) {
  return number == SIGTERM || number == SIGHUP || number == SIGINT;
}

/* Notes the signal and wakes the loop. A signal to end that finds the one before unanswered takes its default action:
   the loop is stuck in a write to a terminal that nobody reads. */
static inline void hk_signals_handler(int number) {
  int saved = errno;
  hk_signals *signals = *hk_signals_slot();
  if (signals != NULL) {
    uint32_t bit = UINT32_C(1) << number;
    uint32_t before = __atomic_fetch_or(&signals->pending, bit, __ATOMIC_SEQ_CST);
    if ((before & bit) && hk_ends_program(number)) {
      signal(number, SIG_DFL);
      raise(number);
    }
    uint64_t one = 1;
    ssize_t ignored = write(signals->event, &one, sizeof one);
    (void)ignored;
  }
  errno = saved;
}

/* Sends the signals a terminal program answers in its own time to `signals`. What was ignored before, as under nohup,
   stays ignored, but for the stop and the resize. */
static inline void hk_signals_install(hk_signals *signals, int event) {
  signals->event = event;
  *hk_signals_slot() = signals;
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = hk_signals_handler;
  action.sa_flags = SA_RESTART | SA_ONSTACK;
  sigemptyset(&action.sa_mask);
  for (int i = 0; i < HK_WATCHED_SIGNALS; i++) {
    int number = hk_watched_signal(i);
    sigaction(number, NULL, &signals->old[i]);
    if (hk_ends_program(number) && signals->old[i].sa_handler == SIG_IGN) continue;
    sigaction(number, &action, NULL);
  }
}

static inline void hk_signals_remove(hk_signals *signals) {
  for (int i = 0; i < HK_WATCHED_SIGNALS; i++) sigaction(hk_watched_signal(i), &signals->old[i], NULL);
}

/* Forgets a signal that came, if it did. */
static inline void hk_signals_forget(hk_signals *signals, int number) {
  __atomic_fetch_and(&signals->pending, ~(UINT32_C(1) << number), __ATOMIC_SEQ_CST);
}

/* Takes one signal that came; 0 for none. */
static inline int hk_signals_take(hk_signals *signals) {
  for (int i = 0; i < HK_WATCHED_SIGNALS; i++) {
    uint32_t bit = UINT32_C(1) << hk_watched_signal(i);
    if (__atomic_fetch_and(&signals->pending, ~bit, __ATOMIC_SEQ_CST) & bit) return hk_watched_signal(i);
  }
  return 0;
}

/* Stops this process as ^Z does, and its whole job when `group` is not 0; returns when it goes on. SIGTSTP and its
   default action, which the kernel discards where nobody could continue us (an orphaned process group): SIGSTOP would
   leave a dead terminal there. The signal goes to the calling thread, so that nothing here runs on before the stop. */
static inline void hk_stop(int group) {
  struct sigaction action, old;
  memset(&action, 0, sizeof action);
  sigemptyset(&action.sa_mask);
  action.sa_handler = SIG_IGN;
  sigaction(SIGTSTP, &action, &old);
  if (group) kill(0, SIGTSTP);
  action.sa_handler = SIG_DFL;
  sigaction(SIGTSTP, &action, NULL);
  pthread_kill(pthread_self(), SIGTSTP);
  sigaction(SIGTSTP, &old, NULL);
}

/* Lets the calling thread set the terminal's modes from the background instead of being stopped for it, and take all
   other signals: a thread that a libdispatch worker starts has them blocked, the stop above included. */
static inline void hk_take_signals(void) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTTOU);
  pthread_sigmask(SIG_SETMASK, &set, NULL);
}

/* Names the calling thread for debuggers and top; at most 15 bytes are kept. */
static inline void hk_name_thread(const char *name) { prctl(PR_SET_NAME, name, 0, 0, 0); }

static inline int hk_event_descriptor(void) { return eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC); }

/* ---- Memory ---- */

/* <link.h> declares these only under a feature macro that the module's importer may not have set. */
struct dl_phdr_info;
extern int dl_iterate_phdr(int (*)(struct dl_phdr_info *, size_t, void *), void *);
typedef struct {
  uintptr_t address;
  const char *name;
  const Elf64_Phdr *headers;
  Elf64_Half count;
} hk_loaded_object;

static inline int hk_release_object(struct dl_phdr_info *info, size_t size, void *ignored) {
  const hk_loaded_object *object = (const hk_loaded_object *)info;
  uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
  (void)ignored;
  if (size < sizeof *object || sizeof(void *) != 8) return 1;
  for (int i = 0; i < object->count; i++) {
    const Elf64_Phdr *header = &object->headers[i];
    if (header->p_type != PT_LOAD || (header->p_flags & PF_W)) continue;
    uintptr_t start = (object->address + header->p_vaddr) & ~(page - 1);
    uintptr_t end = (object->address + header->p_vaddr + header->p_filesz) & ~(page - 1);
    if (end > start) madvise((void *)start, end - start, MADV_DONTNEED);
  }
  return 0;
}

/* Lets go of the pages of programs and libraries that are as in their files: those that the start alone needed, for
   linking above all, do not come back, and those that are used come back from the page cache at once. */
static inline void hk_release_program_pages(void) { dl_iterate_phdr(hk_release_object, NULL); }

/* ---- The crash guard ---- */

enum { HK_GUARD_SIGNALS = 6, HK_GUARD_FRAMES = 64 };

/* What a fatal signal's handler needs to put the terminal back. Lives as long as the process once installed. */
typedef struct {
  volatile sig_atomic_t armed;
  int terminal; /* the descriptor of the terminal */
  int error; /* the real stderr while 2 goes to a log; -1 otherwise */
  struct termios modes; /* as they were before ncurses */
  char restore[128];
  int restore_length;
  char farewell[512];
  int farewell_length;
  char report[512]; /* the file that a crash is described in; empty for none */
  int passes_on; /* whether the handlers from before run after this one */
  struct sigaction old[HK_GUARD_SIGNALS];
} hk_guard;

static inline int hk_guard_signal(int index) {
  switch (index) {
    case 0: return SIGILL;
    case 1: return SIGTRAP;
    case 2: return SIGABRT;
    case 3: return SIGSEGV;
    case 4: return SIGBUS;
    default: return SIGFPE;
  }
}

/* Each object file that uses this has its own slot; hk_guard_install and hk_guard_handler always share one. */
static inline hk_guard **hk_guard_slot(void) {
  static hk_guard *slot = NULL;
  return &slot;
}

/* Only calls that POSIX allows in a handler. Writes are given up when the terminal takes no bytes for 200 ms. */
static inline void hk_guard_restore(hk_guard *guard) {
  struct pollfd writable = {guard->terminal, POLLOUT, 0};
  sigset_t stop;
  sigemptyset(&stop);
  sigaddset(&stop, SIGTTOU);
  pthread_sigmask(SIG_BLOCK, &stop, NULL);
  if (poll(&writable, 1, 200) == 1 && (writable.revents & POLLOUT)) {
    ssize_t ignored = write(guard->terminal, guard->restore, (size_t)guard->restore_length);
    (void)ignored;
  }
  tcsetattr(guard->terminal, TCSANOW, &guard->modes);
  if (guard->error >= 0) {
    dup2(guard->error, 2);
    ssize_t ignored = write(2, guard->farewell, (size_t)guard->farewell_length);
    (void)ignored;
  }
}

static inline void hk_write_text(int file, const char *text) {
  ssize_t ignored = write(file, text, strlen(text));
  (void)ignored;
}

static inline void hk_write_hex(int file, uintptr_t number) {
  char digits[2 + 2 * sizeof number + 1];
  int at = sizeof digits - 1;
  digits[at] = 0;
  do {
    digits[--at] = "0123456789abcdef"[number & 15];
    number >>= 4;
  } while (number != 0);
  digits[--at] = 'x';
  digits[--at] = '0';
  hk_write_text(file, &digits[at]);
}

/* Describes a crash in a file of its own: the signal, and the calls that led to it, a line each. */
static inline void hk_guard_report(const hk_guard *guard, int number, const siginfo_t *info) {
  void *frames[HK_GUARD_FRAMES];
  if (guard->report[0] == 0) return;
  int file = open(guard->report, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) return;
  hk_write_text(file, "signal ");
  hk_write_text(file, sigabbrev_np(number));
  hk_write_text(file, " at ");
  hk_write_hex(file, (uintptr_t)info->si_addr);
  hk_write_text(file, "\n");
  backtrace_symbols_fd(frames, backtrace(frames, HK_GUARD_FRAMES), file);
  close(file);
}

/* Runs the handler that was there before, if there was one, then lets the signal's default action end the process. */
static inline void hk_guard_pass_on(
    const struct sigaction *old, int number, siginfo_t *info, void *context) {
  if (old->sa_flags & SA_SIGINFO) {
    if (old->sa_sigaction != NULL) old->sa_sigaction(number, info, context);
  } else if (old->sa_handler != SIG_DFL && old->sa_handler != SIG_IGN) {
    old->sa_handler(number);
  }
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = SIG_DFL;
  sigemptyset(&action.sa_mask);
  sigaction(number, &action, NULL);
  raise(number);
}

/* Restores the terminal, writes the report, puts the earlier handlers back, or the default actions, and returns: the
   instruction faults again under them. A signal that was sent, not caused, would not come again by itself and is passed
   on. */
static inline void hk_guard_handler(int number, siginfo_t *info, void *context) {
  int saved = errno;
  hk_guard *guard = *hk_guard_slot();
  if (guard == NULL) return;
  if (guard->armed) {
    guard->armed = 0;
    hk_guard_restore(guard);
  }
  struct sigaction standard;
  memset(&standard, 0, sizeof standard);
  standard.sa_handler = SIG_DFL;
  sigemptyset(&standard.sa_mask);
  const struct sigaction *old = NULL;
  for (int i = 0; i < HK_GUARD_SIGNALS; i++) {
    const struct sigaction *next = guard->passes_on ? &guard->old[i] : &standard;
    if (hk_guard_signal(i) == number) old = next;
    sigaction(hk_guard_signal(i), next, NULL);
  }
  hk_guard_report(guard, number, info);
  if (info->si_code <= 0 && old != NULL) hk_guard_pass_on(old, number, info, context);
  errno = saved;
}

/* Saves the terminal's modes and takes over the fatal signals. -1 and errno when `terminal` is none. */
static inline int hk_guard_install(hk_guard *guard, int terminal) {
  guard->terminal = terminal;
  guard->error = -1;
  /* Unasked, the Swift runtime meets a crash on a terminal with a question and a wait of half a minute. */
  guard->passes_on = getenv("SWIFT_BACKTRACE") != NULL;
  if (tcgetattr(terminal, &guard->modes) != 0) return -1;
  *hk_guard_slot() = guard;
  /* Its first call loads a library, which a handler may not. */
  void *frame;
  backtrace(&frame, 1);
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_sigaction = hk_guard_handler;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  sigemptyset(&action.sa_mask);
  for (int i = 0; i < HK_GUARD_SIGNALS; i++) sigaction(hk_guard_signal(i), &action, &guard->old[i]);
  guard->armed = 1;
  return 0;
}

/* Gives the fatal signals back. The slot keeps its value: a handler that is running may still read it. */
static inline void hk_guard_remove(hk_guard *guard) {
  guard->armed = 0;
  for (int i = 0; i < HK_GUARD_SIGNALS; i++) sigaction(hk_guard_signal(i), &guard->old[i], NULL);
}

/* A report whose path is too long is not written. */
static inline void hk_guard_set_texts(
    hk_guard *guard, const char *restore, const char *farewell, const char *report, int error) {
  size_t length = strlen(report);
  if (length < sizeof guard->report) memcpy(guard->report, report, length + 1);
  length = strlen(restore);
  if (length > sizeof guard->restore) length = sizeof guard->restore;
  memcpy(guard->restore, restore, length);
  guard->restore_length = (int)length;
  length = strlen(farewell);
  if (length > sizeof guard->farewell) length = sizeof guard->farewell;
  memcpy(guard->farewell, farewell, length);
  guard->farewell_length = (int)length;
  guard->error = error;
}

/* Puts the modes back that hk_guard_install saved. */
static inline void hk_guard_restore_modes(hk_guard *guard) {
  tcsetattr(guard->terminal, TCSADRAIN, &guard->modes);
}

/* Gives the calling thread a stack for signal handlers, so that an overflow of its own stack is caught too. */
static inline int hk_use_signal_stack(void *memory, size_t bytes) {
  stack_t stack;
  memset(&stack, 0, sizeof stack);
  stack.ss_sp = memory;
  stack.ss_size = bytes;
  return sigaltstack(&stack, NULL);
}

#endif
