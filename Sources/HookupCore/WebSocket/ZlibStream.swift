import CZlib

/// A compressor or decompressor of zlib, on the heap because zlib keeps its address.
///
/// Whoever changes it must be its only holder: see ``copy()``.
final class ZlibStream: @unchecked Sendable {  // Changed by its only holder alone.
  enum Kind: Sendable {
    case deflate(level: Int, windowBits: Int, memoryLevel: Int)
    case inflate(windowBits: Int)
  }

  let state: UnsafeMutablePointer<z_stream>
  private let kind: Kind

  private init(_ state: UnsafeMutablePointer<z_stream>, _ kind: Kind) {
    self.state = state
    self.kind = kind
  }

  deinit {
    switch kind {
    case .deflate: deflateEnd(state)
    case .inflate: inflateEnd(state)
    }
    Self.free(state)
  }

  /// A fresh one; nil when there is no memory for it, or for settings that zlib does not know.
  static func make(_ kind: Kind) -> ZlibStream? {
    let state = allocate()
    let result =
      switch kind {
      case .deflate(let level, let windowBits, let memoryLevel):
        hk_deflate_init(state, CInt(level), CInt(windowBits), CInt(memoryLevel))
      case .inflate(let windowBits): hk_inflate_init(state, CInt(windowBits))
      }
    return wrap(state, kind, if: result)
  }

  /// Another one that has read and written the same; nil when there is no memory for it.
  func copy() -> ZlibStream? {
    let copied = Self.allocate()
    let result =
      switch kind {
      case .deflate: deflateCopy(copied, state)
      case .inflate: inflateCopy(copied, state)
      }
    return Self.wrap(copied, kind, if: result)
  }

  /// Runs zlib once from `input` to `output`: its result, and how many bytes it took and gave.
  func run(
    _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
  ) -> (result: CInt, taken: Int, given: Int) {
    let available = UInt32(clamping: input.count)
    let room = UInt32(clamping: output.count)
    // zlib does not write to its input, but its older headers do not say so; and it wants no null pointers.
    var nothing: UInt8 = 0
    return withUnsafeMutablePointer(to: &nothing) { nothing in
      let bytes = input.bindMemory(to: UInt8.self).baseAddress
      state.pointee.next_in = bytes.map { UnsafeMutablePointer(mutating: $0) } ?? nothing
      state.pointee.avail_in = available
      state.pointee.next_out = output.bindMemory(to: UInt8.self).baseAddress ?? nothing
      state.pointee.avail_out = room
      let result =
        switch kind {
        case .deflate: deflate(state, Z_SYNC_FLUSH)
        case .inflate: inflate(state, Z_SYNC_FLUSH)
        }
      let taken = Int(available - state.pointee.avail_in)
      let given = Int(room - state.pointee.avail_out)
      state.pointee.next_in = nil
      state.pointee.avail_in = 0
      state.pointee.next_out = nil
      state.pointee.avail_out = 0
      return (result, taken, given)
    }
  }

  private static func allocate() -> UnsafeMutablePointer<z_stream> {
    let state = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    state.initialize(to: z_stream())
    return state
  }

  private static func free(_ state: UnsafeMutablePointer<z_stream>) {
    state.deinitialize(count: 1)
    state.deallocate()
  }

  private static func wrap(
    _ state: UnsafeMutablePointer<z_stream>, _ kind: Kind, if result: CInt
  ) -> ZlibStream? {
    guard result == Z_OK else {
      free(state)
      return nil
    }
    return ZlibStream(state, kind)
  }
}
