import HookupCore

extension ChatClient {
  /// Whether a profile's directory holds a token for `nick`, so that no password has to be asked for. One that the server refuses
  /// is removed from there.
  package static func hasToken(in directory: String, nick: Nick) -> Bool {
    ChatToken(directory: directory, nick: nick).read() != nil
  }
}
