import Glibc

/// Starts programs for tests as a shell would: no signal is blocked or ignored, and no descriptor of ours stays open in them. A thread of
/// ours may block signals, and other tests' servers listen on descriptors.
enum Spawning {
  /// - Parameters:
  ///   - words: the program's path, and its arguments.
  ///   - environment: `NAME=value` each, and nothing else.
  ///   - flags: of `posix_spawnattr_setflags`, beside those for the signals.
  ///   - redirect: what becomes of descriptors 0 to 2.
  /// - Returns: the process, or the error number that kept it from starting.
  static func start(
    _ words: [String], environment: [String], flags: Int32 = 0,
    redirect: (inout posix_spawn_file_actions_t) -> Void
  ) -> (process: pid_t, failure: Int32) {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    redirect(&actions)
    for descriptor: Int32 in 3..<1_024 {
      posix_spawn_file_actions_addclose(&actions, descriptor)
    }
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var signals = sigset_t()
    sigemptyset(&signals)
    posix_spawnattr_setsigmask(&attributes, &signals)
    sigfillset(&signals)
    posix_spawnattr_setsigdefault(&attributes, &signals)
    posix_spawnattr_setflags(
      &attributes, Int16(flags | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
    var argv = words.map { strdup($0) } + [nil]
    var envp = environment.map { strdup($0) } + [nil]
    defer { for word in argv + envp { free(word) } }
    var process: pid_t = 0
    let failure = posix_spawn(&process, words[0], &actions, &attributes, &argv, &envp)
    return (process, failure)
  }
}
