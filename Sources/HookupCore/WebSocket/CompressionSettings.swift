/// How messages are compressed with peers that can do it too (permessage-deflate, RFC 7692).
///
/// What is agreed on with a peer can only be less than what is wanted here: both ends have a say. Values outside a
/// setting's range count as the nearest.
///
/// Memory, a connection, from the first compressed message in a direction until the connection ends (with
/// ``keepsContext`` off: only while a message is under way): sending 2^(``windowBits``+2) + 2^(``memoryLevel``+9) bytes and
/// 6 KiB, receiving 2^window bytes and 7 KiB. With the defaults that is 38 KiB and 11 KiB. A client that does not let its
/// window be limited makes receiving 39 KiB.
public struct CompressionSettings: Hashable, Sendable {
  /// How hard to search for repetitions, 1...9. Default 6. 1 takes about a third of the time and leaves a tenth more
  /// bytes; 9 takes more time and gains a few in a hundred.
  public var level = 6

  /// The base-2 logarithm of how many bytes back repetitions are searched for, in either direction; 9...15. Default 12:
  /// 4 KiB. 9, half a KiB, suits short messages that repeat one another at once; 15, 32 KiB, takes eight times the
  /// memory of 12 and pays for long texts.
  public var windowBits = 12

  /// How much memory a sender's tables take, 1...9. Default 5. 1 is slow and compresses badly; 9 takes 256 KiB and is
  /// hardly better than 8.
  public var memoryLevel = 5

  /// Whether what was sent before is searched for repetitions too ("context takeover"), in either direction. Default
  /// true: short messages that resemble one another shrink to a fraction. False: each message stands alone, and a
  /// connection holds no memory for compression between messages.
  public var keepsContext = true

  /// Messages below this many payload bytes go as they are. Default 512: a packet is not made shorter by them. 0
  /// compresses every message that becomes smaller, which costs time for little; a number beyond the largest message
  /// compresses none of ours, and still reads the peer's.
  public var minimumBytes = 512

  public init() {}

  /// The ranges of the settings, for those who check them.
  package static let levels = 1...9
  package static let windowBitsRange = 9...15
  package static let memoryLevels = 1...9

  /// The same with every value within its range.
  var clamped: CompressionSettings {
    var settings = self
    settings.level = level.clamped(to: Self.levels)
    settings.windowBits = windowBits.clamped(to: Self.windowBitsRange)
    settings.memoryLevel = memoryLevel.clamped(to: Self.memoryLevels)
    settings.minimumBytes = max(minimumBytes, 0)
    return settings
  }
}

extension Int {
  fileprivate func clamped(to range: ClosedRange<Int>) -> Int {
    Swift.min(Swift.max(self, range.lowerBound), range.upperBound)
  }
}
