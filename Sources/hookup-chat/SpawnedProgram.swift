import CNcursesw
import Glibc

/// Other programs: an editor, what notifies, what knows the password. They are found in the PATH, no shell reads their
/// arguments, and signals are for them as a shell would leave them.
enum SpawnedProgram {
  /// The error number that kept a program from starting.
  struct Failure: Error {
    var number: Int32
    var reason: String { String(cString: strerror(number)) }
  }

  /// Starts a program.
  /// - Parameters:
  ///   - words: its name and its arguments; not empty.
  ///   - inBackground: in a group of its own, so that it is not hit by the terminal's keys and cannot read them.
  ///   - redirect: what becomes of its descriptors; all others of ours close.
  static func start(
    _ words: [String], inBackground: Bool = false,
    redirect: (inout posix_spawn_file_actions_t) -> Void = { _ in }
  ) throws(Failure) -> pid_t {
    guard let name = words.first else { throw Failure(number: ENOENT) }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    redirect(&actions)
    // Not all that others open closes by itself: NIO's sockets do not.
    posix_spawn_file_actions_addclosefrom_np(&actions, 3)
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var none = sigset_t()
    var all = sigset_t()
    sigemptyset(&none)
    sigfillset(&all)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setsigdefault(&attributes, &all)
    var flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF
    if inBackground { flags |= POSIX_SPAWN_SETPGROUP }
    posix_spawnattr_setflags(&attributes, Int16(flags))
    var arguments = words.map { strdup($0) } + [nil]
    defer { for argument in arguments { free(argument) } }
    var child: pid_t = 0
    let number = posix_spawnp(&child, name, &actions, &attributes, &arguments, environ)
    guard number == 0 else { throw Failure(number: number) }
    return child
  }

  /// Waits until it has ended, and returns how, as `waitpid` tells it.
  static func wait(for child: pid_t) -> Int32 {
    var status: Int32 = 0
    while waitpid(child, &status, 0) < 0, errno == EINTR {}
    return status
  }

  /// A pipe whose ends no other program inherits; nil when there are no descriptors left.
  static func pipe() -> (reading: Int32, writing: Int32)? {
    var ends: [Int32] = [-1, -1]
    guard Glibc.pipe(&ends) == 0 else { return nil }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    return (ends[0], ends[1])
  }
}
