import HookupCore
import Testing

@testable import HookupEngine

@Suite struct StaticFilePathTests {
  @Test(
    arguments: [
      ("/", [], true), ("/a", ["a"], false), ("/a/", ["a"], true),
      ("/a/b.txt", ["a", "b.txt"], false),
      ("/a%20b/%C3%BC", ["a b", "ü"], false), ("/a..b/c.", ["a..b", "c."], false),
      ("/%2541", ["%41"], false), ("/.well-known/x", [".well-known", "x"], false),
      ("/a+b", ["a+b"], false), ("/~u", ["~u"], false),
    ] as [(String, [String], Bool)])
  func `a path is decoded name by name, once`(
    path: String, components: [String], namesDirectory: Bool
  ) {
    let decoded = StaticFilePath(requestPath: path)
    #expect(decoded?.components == components)
    #expect(decoded?.namesDirectory == namesDirectory)
  }

  @Test(arguments: [
    "", "a", "/..", "/../", "/a/../b", "/a/..", "/%2e%2e/etc/passwd", "/%2E%2E", "/.%2e/x",
    "/%2e./x",
    "/.", "/./a", "/%2e/a", "//", "//a", "/a//b", "/a%2fb", "/a%2Fb", "/..%2f..%2fetc", "/a%5cb",
    "/..%5c..", "/a\\b", "/a%00", "/%00", "/a%0Ab", "/a%7F", "/%", "/%4", "/%zz", "/%+1", "/%C3",
    "/%FF%FE", "/%C0%AE%C0%AE/x", "/.env", "/.git/config", "/a/.htpasswd", "/%2egit/config",
    "/...", "/.well-known2/..",
  ])
  func `a path that could lead elsewhere names nothing`(path: String) {
    #expect(StaticFilePath(requestPath: path) == nil)
  }

  @Test func `a path is bounded in length`() {
    let longest = "/" + String(repeating: "a", count: StaticFilePath.maximumBytes - 1)
    #expect(StaticFilePath(requestPath: longest) != nil)
    #expect(StaticFilePath(requestPath: longest + "a") == nil)
    #expect(StaticFilePath(requestPath: "/" + String(repeating: "%61", count: 100_000)) == nil)
  }

  @Test(arguments: [
    ("/a b%20c", "/a%20b%20c/"), ("/%22%3Cb%3E", "/%22%3Cb%3E/"), ("/a/%C3%BC", "/a/%C3%BC/"),
  ])
  func `a redirect stays on this host and is encoded anew`(path: String, location: String) {
    #expect(StaticFilePath(requestPath: path)?.directoryLocation == location)
  }

  @Test(arguments: [
    ("x.html", "text/html; charset=utf-8"), ("X.JS", "text/javascript; charset=utf-8"),
    ("a.tar.gz", "application/gzip"), ("none", "application/octet-stream"),
    ("dot.", "application/octet-stream"), ("a.unknown", "application/octet-stream"),
  ])
  func `the content type follows the end of the name`(name: String, type: String) {
    #expect(ContentType.of(name) == type)
  }
}
