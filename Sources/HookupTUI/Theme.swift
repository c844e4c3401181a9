/// From what a piece of text is to how a terminal paints it.
public struct Theme: Hashable, Sendable {
  /// Colours as indexes into the 256-colour palette (nil: the terminal's default), and attributes.
  public struct Paint: Hashable, Sendable {
    public var foreground: UInt8?
    public var background: UInt8?
    public var bold = false
    public var dim = false
    public var underline = false
    public var reverse = false

    public init(foreground: UInt8? = nil, background: UInt8? = nil) {
      self.foreground = foreground
      self.background = background
    }
  }

  /// By the raw value of the role.
  var paints: [Paint]
  /// The ground of bars, and what stands on it without a colour of its own.
  var bar: Paint

  /// Whether colours are used at all. Without them bold, underline, reverse and the signs carry all meaning.
  public var hasColours: Bool {
    (paints + [bar]).contains { $0.foreground != nil || $0.background != nil }
  }

  init(paints: [CellStyle.Role: Paint], bar: Paint) {
    self.paints = CellStyle.Role.allCases.map { paints[$0] ?? Paint() }
    self.bar = bar
  }

  /// How a cell of `style` is painted.
  public func paint(for style: CellStyle) -> Paint {
    var paint = paints[Int(style.role.rawValue)]
    paint.bold = paint.bold || style.bold
    paint.underline = paint.underline || style.underline
    paint.reverse = paint.reverse != style.reverse
    guard style.isBar else { return paint }
    // A ground of its own stays one.
    paint.background = paint.background ?? bar.background
    paint.foreground = paint.foreground ?? bar.foreground
    paint.reverse = paint.reverse != bar.reverse
    // What is dim cannot be read on a ground of its own.
    paint.dim = false
    return paint
  }

  /// The nearest of the 8 basic colours (0...7), for terminals that have no more.
  public static func basicColour(_ index: UInt8) -> UInt8 {
    switch index {
    case 0...7: return index
    case 8...15: return index - 8
    case 232...255: return index < 244 ? 0 : 7
    default:
      // The cube of 6 x 6 x 6: a component counts when it is in the upper half of the brightest one.
      let cube = Int(index) - 16
      let (red, green, blue) = (cube / 36, cube / 6 % 6, cube % 6)
      let half = max(red, green, blue, 1)
      return (red * 2 > half ? 1 : 0) + (green * 2 > half ? 2 : 0) + (blue * 2 > half ? 4 : 0)
    }
  }
}

// MARK: - The themes that are always there

extension Theme {
  /// The names of the themes that need no file.
  public static let builtInNames = ["dark", "light", "contrast", "mono"]

  /// The theme of one of ``builtInNames``; nil for another name.
  public static func builtIn(_ name: String) -> Theme? {
    switch name {
    case "dark": dark
    case "light": light
    case "contrast": contrast
    case "mono": mono
    default: nil
    }
  }

  /// For a dark ground.
  public static let dark = Theme(
    [
      .dim: "244", .border: "240", .title: "bold", .good: "71", .warning: "178",
      .bad: "203 bold", .accent: "74", .notice: "109", .mention: "170 bold",
    ], nicks: [33, 36, 64, 67, 71, 97, 101, 133, 136, 140, 166, 172], bar: "252 on 236")

  /// For a light ground.
  public static let light = Theme(
    [
      .dim: "242", .border: "248", .title: "bold", .good: "28", .warning: "130",
      .bad: "160 bold", .accent: "25", .notice: "24", .mention: "127 bold",
    ], nicks: [24, 29, 58, 61, 64, 91, 94, 97, 126, 130, 133, 166], bar: "236 on 254")

  /// Black and white with few, strong colours.
  public static let contrast = Theme(
    [
      .dim: "252", .border: "255", .title: "bold underline", .good: "46 bold",
      .warning: "226 bold", .bad: "231 on 160 bold", .accent: "51", .notice: "255",
      .mention: "16 on 226 bold",
    ], nicks: [45, 46, 51, 81, 87, 118, 123, 159, 190, 213, 219, 226], bar: "231 on 18")

  /// For NO_COLOR, `TERM=…-mono` and terminals with less than 8 colours.
  public static let mono = Theme(
    [
      .title: "bold", .warning: "bold", .bad: "bold", .mention: "bold", .dim: "dim",
    ], nicks: [], bar: "reverse")

  private init(_ roles: [CellStyle.Role: String], nicks: [UInt8], bar: String) {
    var paints = roles.mapValues { (try? Paint(theme: $0)) ?? Paint() }
    for (number, colour) in nicks.enumerated() {
      let role = CellStyle.Role(rawValue: CellStyle.Role.nick0.rawValue + UInt8(number))
      if let role { paints[role] = Paint(foreground: colour) }
    }
    self.init(paints: paints, bar: (try? Paint(theme: bar)) ?? Paint())
  }
}
