/// One key as a person pressed it, or a paste: what a terminal driver makes of the bytes it reads.
public struct Key: Hashable, Sendable {
  public struct Modifiers: OptionSet, Hashable, Sendable {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }
    public static let control = Modifiers(rawValue: 1)
    public static let alt = Modifiers(rawValue: 2)
    public static let shift = Modifiers(rawValue: 4)
  }

  public enum Base: Hashable, Sendable {
    /// A printable character; with `.control`, the lower-case letter or sign of the control character (^A is `a`).
    case character(Character)
    case enter, tab, backspace, delete, insert, escape
    case up, down, left, right, home, end, pageUp, pageDown
    /// F1 is `function(1)`.
    case function(Int)
    /// A bracketed paste, whole: line ends are LF, other control characters except TAB are dropped.
    case paste(String)
    case focusGained, focusLost
    /// The wheel, a notch at a time.
    case wheelUp, wheelDown
    /// The first button, pressed on a cell.
    case click(row: Int, column: Int)
  }

  public var base: Base
  public var modifiers: Modifiers

  public init(_ base: Base, _ modifiers: Modifiers = []) {
    self.base = base
    self.modifiers = modifiers
  }

  public static func character(_ character: Character) -> Key { Key(.character(character)) }
  public static func control(_ character: Character) -> Key { Key(.character(character), .control) }
  public static func alt(_ character: Character) -> Key { Key(.character(character), .alt) }
}
