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

  /// Whether colours are used at all. Without them bold, underline, reverse and the signs carry all meaning.
  public var hasColours: Bool

  /// Colours that pass on black and on white.
  public static let colours = Theme(hasColours: true)
  /// For NO_COLOR, `TERM=…-mono` and terminals with less than 8 colours.
  public static let mono = Theme(hasColours: false)

  /// How a cell of `style` is painted.
  public func paint(for style: CellStyle) -> Paint {
    var paint = hasColours ? Self.coloured(style.role) : Self.monochrome(style.role)
    paint.bold = paint.bold || style.bold
    paint.underline = paint.underline || style.underline
    paint.reverse = paint.reverse != style.reverse
    if style.isBar { addBar(to: &paint) }
    return paint
  }

  private func addBar(to paint: inout Paint) {
    guard hasColours else {
      paint.reverse.toggle()
      paint.dim = false
      return
    }
    paint.background = 236
    if paint.foreground == nil || paint.foreground == 240 { paint.foreground = 252 }
    if paint.foreground == 244 { paint.foreground = 248 }
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

  /// Middle tones that read on a black and on a white ground; no reds, which mean trouble.
  private static let nickColours: [UInt8] = [
    33, 36, 64, 67, 71, 97, 101, 133, 136, 140, 166, 172,
  ]

  private static func coloured(_ role: CellStyle.Role) -> Paint {
    var paint = Paint()
    switch role {
    case .plain: break
    case .dim: paint.foreground = 244
    case .border: paint.foreground = 240
    case .title: paint.bold = true
    case .good: paint.foreground = 71
    case .warning: paint.foreground = 178
    case .bad:
      paint.foreground = 203
      paint.bold = true
    case .accent: paint.foreground = 74
    case .ownText: break
    case .notice: paint.foreground = 109
    case .mention:
      paint.foreground = 170
      paint.bold = true
    case .nick0, .nick1, .nick2, .nick3, .nick4, .nick5, .nick6, .nick7, .nick8, .nick9, .nick10,
      .nick11:
      paint.foreground = nickColours[Int(role.rawValue - CellStyle.Role.nick0.rawValue)]
    }
    return paint
  }

  private static func monochrome(_ role: CellStyle.Role) -> Paint {
    var paint = Paint()
    switch role {
    case .title, .warning, .bad, .mention: paint.bold = true
    case .dim: paint.dim = true
    default: break
    }
    return paint
  }
}
