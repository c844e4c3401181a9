import HookupCore
import NIOCore
import Testing

@testable import HookupEngine

@Suite struct HTTPResponseTests {
  private func encode(
    _ response: HTTPResponse, omitsBody: Bool = false, closes: Bool = false, name: String? = nil
  ) -> String {
    String(
      buffer: HTTPResponseEncoder.encode(
        response, omitsBody: omitsBody, closes: closes, serverName: name, date: 784_111_777))
  }

  @Test func `an answer has its length, type, date and body`() {
    #expect(
      encode(HTTPResponse(.ok, body: "hü"), closes: true, name: "S") == """
        HTTP/1.1 200 OK\r
        Content-Type: text/plain; charset=utf-8\r
        Content-Length: 3\r
        Connection: close\r
        Server: S\r
        Date: Sun, 06 Nov 1994 08:49:37 GMT\r
        \r
        hü
        """)
  }

  @Test func `an answer to HEAD has the length of the body it leaves out`() {
    let text = encode(HTTPResponse(.ok, body: "pong"), omitsBody: true)
    #expect(text.contains("Content-Length: 4\r\n"))
    #expect(text.hasSuffix("\r\n\r\n"))
  }

  @Test func `304 has no body and no length`() {
    #expect(!encode(HTTPResponse(.notModified)).contains("Content-Length"))
  }

  @Test func `a value cannot split the answer`() {
    var response = HTTPResponse(.ok)
    response.headers.append("Location", "/a\r\nSet-Cookie: x")
    #expect(encode(response).contains("Location: /aSet-Cookie: x\r\n"))
  }
}
