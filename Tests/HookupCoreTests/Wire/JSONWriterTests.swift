import HookupCore
import NIOCore
import Testing

@Suite struct JSONWriterTests {
  @Test func `members and elements are separated, containers are not`() {
    var writer = JSONWriter()
    writer.beginObject()
    writer.member("text", "a\"b")
    writer.member("number", -17)
    writer.member("flag", true)
    writer.member("raw", JSONText(unchecked: "[1, 2]"))
    writer.key("list")
    writer.beginArray()
    writer.integer(UInt64.max)
    writer.bool(false)
    writer.null()
    writer.string("é")
    writer.beginObject()
    writer.endObject()
    writer.beginArray()
    writer.endArray()
    writer.endArray()
    writer.key(escaping: "a\nkey")
    writer.json(JSONText(unchecked: "1.50"))
    writer.endObject()
    #expect(
      writer.json().text
        == #"{"text":"a\"b","number":-17,"flag":true,"raw":[1, 2],"list":[18446744073709551615,"#
        + #"false,null,"é",{},[]],"a\nkey":1.50}"#)
  }

  @Test func `a tree is written in its order, duplicates and all`() throws {
    let text = #"{"z":1,"a":[true,null,-0.0,"x"],"z":{"é\n":1e400}}"#
    var writer = JSONWriter(capacity: 0)
    writer.value(try JSONValue(parsing: text))
    #expect(writer.json().text == text)
  }

  @Test func `it goes on behind what a buffer holds`() {
    var writer = JSONWriter(appendingTo: ByteBuffer(string: "data: "))
    writer.beginArray()
    writer.integer(1)
    writer.endArray()
    #expect(writer.finish() == ByteBuffer(string: "data: [1]"))
  }
}
