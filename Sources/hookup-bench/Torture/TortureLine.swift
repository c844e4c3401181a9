/// What a sender says: who it is, which of its lines this is, and a filling that both determine, so that a changed byte
/// is seen.
struct TortureLine: Hashable, Sendable {
  /// The sender, from 0.
  var sender: Int
  /// Its line, from 1; no number is used twice.
  var number: Int

  init(sender: Int, number: Int) {
    self.sender = sender
    self.number = number
  }

  /// Reads a line back; nil for anything that ``text`` does not write.
  init?(parsing text: String) {
    let words = text.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
    guard words.count >= 2, words[0].first == "S", let sender = Int(words[0].dropFirst()),
      let number = Int(words[1]), sender >= 0, number >= 1
    else { return nil }
    self.init(sender: sender, number: number)
    guard text == self.text else { return nil }
  }

  /// `S<sender> <number>` and up to 500 letters; every 50th line has 3,000. Shorter than what a pipe takes whole.
  var text: String {
    let mixed = UInt64(sender &* 1_000_003 &+ number) &* 0x9E37_79B9_7F4A_7C15
    let length = number % 50 == 0 ? 3_000 : Int((mixed >> 40) % 500)
    let letter = Unicode.Scalar(UInt8(ascii: "a") + UInt8((mixed >> 20) % 26))
    return "S\(sender) \(number)"
      + (length == 0 ? "" : " " + String(repeating: Character(letter), count: length))
  }
}
