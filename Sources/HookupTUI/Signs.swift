/// The signs a screen is drawn with, each one cell wide.
struct Signs: Hashable, Sendable {
  var vertical: String
  var horizontal: String
  var newMessages: String
  var ellipsis: String
  var barFull: String
  var barEmpty: String
  /// The state of a message or of the link.
  var online: String
  var busy: String
  var offline: String
  var queued: String
  var sent: String
  var stored: String
  var failed: String
  /// Nothing was measured.
  var idle: String
  /// In front of what is answered.
  var reply: String
  /// Eight levels, lowest first.
  var levels: [String]

  static let ascii = Signs(
    vertical: "|", horizontal: "-", newMessages: "~", ellipsis: "~", barFull: "#", barEmpty: ".",
    online: "*", busy: "~", offline: "-", queued: ".", sent: ">", stored: "+", failed: "!",
    idle: ".", reply: "^",
    levels: ["_", ".", ",", "-", "~", "=", "*", "#"])

  static let unicode = Signs(
    vertical: "│", horizontal: "─", newMessages: "~", ellipsis: "…", barFull: "█", barEmpty: "░",
    online: "●", busy: "~", offline: "○", queued: "◌", sent: "↑", stored: "✓", failed: "✗",
    idle: "·", reply: "↪",
    levels: ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"])
}
