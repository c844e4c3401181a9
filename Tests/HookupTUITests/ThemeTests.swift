import Foundation
import HookupCore
import Testing

@testable import HookupTUI

@Suite struct ThemeTests {
  static let directory = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().appending(path: "Resources/themes")

  /// The files are there to be copied and changed: they say what the program has without them.
  @Test(arguments: Theme.builtInNames)
  func `a theme that is compiled in is as its file says`(name: String) throws {
    let theme = try #require(Theme.builtIn(name))
    let file = Self.directory.appending(path: "\(name).theme")
    if ProcessInfo.processInfo.environment["HOOKUP_RECORD"] != nil {
      let head =
        "# The theme '\(name)' of hookup-chat. To change it, copy it to $XDG_CONFIG_HOME/hookup/themes/NAME.theme and\n# say /theme NAME. role = [colour] [on colour] [bold] [dim] [underline] [reverse]; a colour is 0-255, a name or default.\n"
      try Data((head + theme.text).utf8).write(to: file)
    }
    let text = try String(contentsOf: file, encoding: .utf8)
    #expect(try Theme(text: text, name: name) == theme)
    #expect(theme.hasColours == (name != "mono"))
  }

  @Test func `colours have numbers and names`() throws {
    let theme = try Theme(
      text: "bad = bright-red on black bold  # trouble\n\n\tdim=8\nplain = default reverse\n",
      name: "t")
    var bad = Theme.Paint(foreground: 9, background: 0)
    bad.bold = true
    #expect(theme.paint(for: CellStyle(.bad)) == bad)
    #expect(theme.paint(for: CellStyle(.dim)).foreground == 8)
    #expect(theme.paint(for: CellStyle(.plain)).reverse)
    #expect(!theme.paint(for: CellStyle(.plain, reverse: true)).reverse)
  }

  @Test(arguments: [
    ("bad = purple", "line 1: 'purple' is no colour"),
    ("\nfoo = 1", "line 2: there is no role 'foo'"),
    ("bad", "'role = colour' is expected"), ("bad = 256", "'256' is no colour"),
    ("bad = red on", "a colour is missing behind 'on'"),
    ("bad = \u{1B}[2J", "'^[[2J' is no colour"),
    (String(repeating: "#", count: Theme.maximumFileBytes + 1), "longer than"),
  ]) func `what is wrong in a file is named with its line`(text: String, sentence: String) {
    #expect {
      try Theme(text: text, name: "t")
    } throws: { error in
      (error as? HookupError)?.message.contains(sentence) ?? false
    }
  }

  /// Every state is readable without colour: by its sign, its word, or an attribute.
  @Test func `without colours nothing is painted in one, and trouble still stands out`() {
    for role in CellStyle.Role.allCases {
      for isBar in [false, true] {
        var style = CellStyle(role)
        style.isBar = isBar
        let paint = Theme.mono.paint(for: style)
        #expect(paint.foreground == nil && paint.background == nil)
        #expect(paint.reverse == isBar)
      }
    }
    #expect(Theme.mono.paint(for: CellStyle(.bad)).bold)
    let signs = [Signs.ascii, Signs.unicode]
    for signs in signs {
      let states = [signs.queued, signs.sent, signs.stored, signs.failed]
      #expect(Set(states).count == 4)
    }
  }

  @Test(arguments: Theme.builtInNames)
  func `what stands on a bar has its ground and can be told from it`(name: String) throws {
    let theme = try #require(Theme.builtIn(name))
    for role in CellStyle.Role.allCases {
      var style = CellStyle(role)
      style.isBar = true
      let paint = theme.paint(for: style)
      let own = theme.paint(for: CellStyle(role)).background
      #expect(paint.background == own ?? theme.bar.background)
      if let ground = paint.background { #expect(paint.foreground != ground, "\(role)") }
    }
  }

  @Test func `every role has a paint with and without colours`() {
    for role in CellStyle.Role.allCases {
      let mono = Theme.mono.paint(for: CellStyle(role))
      #expect(mono.foreground == nil && mono.background == nil)
      #expect(!Theme.dark.paint(for: CellStyle(role)).reverse)
    }
    let nicks = CellStyle.Role.allCases.filter { $0.rawValue >= CellStyle.Role.nick0.rawValue }
    #expect(Set(nicks.map { Theme.dark.paint(for: CellStyle($0)).foreground }).count == 12)
  }

  @Test func `a bar has a ground of its own, and is reversed without colours`() {
    var style = CellStyle(.plain)
    style.isBar = true
    #expect(Theme.dark.paint(for: style).background != nil)
    #expect(Theme.mono.paint(for: style).reverse)
    style.reverse = true
    #expect(!Theme.mono.paint(for: style).reverse)
  }

  @Test func `colours of the cube fall back to the basic ones`() {
    #expect(Theme.basicColour(196) == 1)
    #expect(Theme.basicColour(46) == 2)
    #expect(Theme.basicColour(21) == 4)
    #expect(Theme.basicColour(231) == 7)
    #expect(Theme.basicColour(9) == 1)
    #expect((0...255).allSatisfy { Theme.basicColour(UInt8($0)) < 8 })
  }
}
