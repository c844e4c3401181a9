import HookupTUI

/// Text from the network in a form that a terminal cannot obey.
enum Printable {
  static func text(_ text: String) -> String { Sanitizer.clean(text, limit: 64 << 10) }
}
