import Foundation
import Testing

@testable import HookupCore

/// Against Foundation's, which knows at least as many characters.
@Suite struct CanonicalCompositionTests {
  /// Marks that are no marks by their class, but begin with one when they are taken apart: UAX 15 puts the parts in order among the
  /// marks around them, Foundation does not.
  private static let deviant: Set<Unicode.Scalar> = ["\u{344}", "\u{F73}", "\u{F75}", "\u{F81}"]

  /// The characters that the table knows.
  private static let known: [Unicode.Scalar] = (UInt32(0)...0x10FFFF).compactMap {
    guard let scalar = Unicode.Scalar($0), let age = scalar.properties.age, age.major <= 14,
      !deviant.contains(scalar)
    else { return nil }
    return scalar
  }

  private func spelling(_ text: String) -> [Unicode.Scalar] { Array(text.unicodeScalars) }

  private func isRight(_ text: String) -> Bool {
    let expected = spelling(text.precomposedStringWithCanonicalMapping)
    return spelling(CanonicalComposition.composed(text)) == expected
      && spelling(CanonicalComposition.composed(text.decomposedStringWithCanonicalMapping))
        == expected
  }

  @Test(arguments: [
    ("e\u{301}", "\u{E9}"), ("A\u{30A}", "\u{C5}"), ("\u{212B}", "\u{C5}"),
    ("a\u{323}\u{302}", "\u{1EAD}"), ("a\u{302}\u{323}", "\u{1EAD}"), ("\u{E2}\u{323}", "\u{1EAD}"),
    ("\u{1112}\u{1161}\u{11AB}", "\u{D55C}"), ("\u{D558}\u{11AB}", "\u{D55C}"),
    ("\u{1100}\u{1100}\u{1161}", "\u{1100}\u{AC00}"), ("\u{915}\u{93C}", "\u{915}\u{93C}"),
    ("\u{958}", "\u{915}\u{93C}"), ("\u{F900}", "\u{8C48}"), ("\u{301}e", "\u{301}e"), ("", ""),
    ("a\u{301}\u{F73}", "\u{E1}\u{F71}\u{F72}"), ("\u{344}", "\u{308}\u{301}"),
    ("e\u{332}\u{301}", "\u{E9}\u{332}"), ("e\u{345}\u{301}", "\u{E9}\u{345}"), ("bob", "bob"),
  ])
  func `one spelling of each`(text: String, expected: String) {
    #expect(spelling(CanonicalComposition.composed(text)) == spelling(expected))
  }

  @Test func `every character alone is as Foundation has it`() {
    #expect(Self.known.count > 100_000)
    // Of ideographs and private ones, of which there are very many, some.
    let some = Self.known.filter {
      $0.value < 0x3400 || (0xF900..<0x20000).contains($0.value) || $0.value % 32 == 0
    }
    let wrong = some.filter { !isRight(String($0)) }
    #expect(wrong.isEmpty, "\(wrong.prefix(9).map { String($0.value, radix: 16) })")
  }

  @Test func `letters with marks in any order are as Foundation has them`() {
    let marks = Self.known.filter {
      $0.properties.canonicalCombiningClass != .notReordered
    }
    // Beyond the first plane Foundation composes what it must not: U+300D4 with a tilde.
    let others = Self.known.filter { $0.value < 0x10000 }
    let letters = Self.known.filter {
      !String($0).decomposedStringWithCanonicalMapping.unicodeScalars.elementsEqual([$0])
    }
    Fuzz.rounds(20_000, "composition") { random, comment in
      var text = String.UnicodeScalarView()
      for _ in 0..<Int.random(in: 1...3, using: &random) {
        text.append(
          (Bool.random(using: &random) ? letters : others).randomElement(using: &random) ?? "a")
        for _ in 0..<Int.random(in: 0...3, using: &random) {
          // The marks of Latin letters are the ones that compose.
          let latin = Unicode.Scalar(UInt32.random(in: 0x300...0x345, using: &random)) ?? "a"
          text.append(
            Bool.random(using: &random) ? latin : marks.randomElement(using: &random) ?? "a")
        }
      }
      #expect(isRight(String(text)), "\(comment): \(text.map { String($0.value, radix: 16) })")
    }
  }
}
