import Foundation
import HookupCore
import NIOCore
import Testing

@Suite struct WireVectorTests {
  @Test func `the vector file is read whole`() {
    #expect(WireVector.all.count == 258)
    #expect(Set(WireVector.all.map(\.description)).count == WireVector.all.count)
    #expect(WireVector.all.filter { $0.format != "stored" && $0.use == .both }.count >= 30)
  }

  @Test(arguments: WireVector.all.filter { $0.use == .parse || $0.use == .both })
  func `a frame has the meaning its vector says`(_ vector: WireVector) throws {
    if vector.format == "stored" { return try checkStored(vector) }
    if vector.format == Subprotocol.resume { return try checkResume(vector) }
    let format = try #require(SubprotocolRegistry.standard.format(named: vector.format))
    let frame = try #require(vector.frame)
    let expected = try #require(vector.message)
    #expect(format.decode(frame) == expected)
  }

  private func checkResume(_ vector: WireVector) throws {
    let frame = try #require(vector.frame)
    guard vector.means.kind == .frame else {
      let fault = #expect(throws: ResumeFault.self) {
        try ResumeFormat.decode(frame) as ResumeFrame
      }
      #expect(fault?.code.rawValue == vector.means.code)
      return
    }
    let value = WireFrame.text(ByteBuffer(string: try #require(vector.means.value)))
    let read: ResumeFrame = try ResumeFormat.decode(frame)
    #expect(try ResumeFormat.encode(read) == value)
    #expect(try ResumeFormat.decode(value) as ResumeFrame == read)
  }

  private func checkStored(_ vector: WireVector) throws {
    let (payload, flags) = vector.stored
    guard vector.means.kind != .error else {
      let error = #expect(throws: HookupError.self) {
        try StoredMessage.decode(payload: payload, flags: flags, ackTimeoutMilliseconds: 0)
      }
      #expect(error?.code == .corrupt)
      return
    }
    let expected = Message(
      try #require(vector.content), ackTimeout: vector.means.timeout.map { .milliseconds($0) })
    let read = try StoredMessage.decode(
      payload: payload, flags: flags, ackTimeoutMilliseconds: 0)
    #expect(read == expected)
  }

  @Test(arguments: WireVector.all.filter { $0.use == .render || $0.use == .both })
  func `a meaning becomes exactly the frame its vector says`(_ vector: WireVector) throws {
    if vector.format == Subprotocol.resume { return try checkResume(vector) }
    if vector.format == "stored" {
      let timeout = vector.means.timeout
      let stored = StoredMessage.encode(
        Message(try #require(vector.content), ackTimeout: timeout.map { .milliseconds($0) }))
      #expect(stored.payload == vector.stored.payload)
      #expect(stored.flags == vector.stored.flags)
      #expect(stored.ackTimeoutMilliseconds == UInt32(timeout ?? 0))
      return
    }
    let format = try #require(SubprotocolRegistry.standard.format(named: vector.format))
    let rendered = try format.encode(try #require(vector.message))
    #expect(rendered == vector.frame)
  }

  @Test(arguments: WireVector.all.filter { $0.use == .refused })
  func `what a format cannot carry is refused`(_ vector: WireVector) throws {
    let format = try #require(SubprotocolRegistry.standard.format(named: vector.format))
    let message = try #require(vector.message)
    let error = #expect(throws: HookupError.self) { try format.encode(message) }
    #expect(error?.code == .invalidArgument)
  }

  @Test func `Foundation reads what is rendered, and finds the same`() throws {
    for vector in WireVector.all where vector.use == .both && vector.format == "jsonProtocol" {
      guard case .text(let bytes)? = vector.frame else { continue }
      let object = try JSONSerialization.jsonObject(with: Data(bytes.readableBytesView))
      #expect((object as? [String: Any])?["type"] is String, "\(vector)")
    }
  }
}
