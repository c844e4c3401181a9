import HookupCore
import NIOCore

/// Answers one request with a file: opens and reads it on the thread pool, a chunk at a time, the next one when the last
/// is with the kernel.
struct StaticFileResponder {
  let handler: HTTPChannelHandler
  let head: RequestHead
  let context: ChannelHandlerContext

  private static let chunkBytes = 128 << 10

  func start(_ path: StaticFilePath, in files: StaticFileStore) {
    onPool {
      files.open(path)
    } then: { result in
      switch result {
      case .success(.file(let file)): answer(file)
      case .success(.redirect(let location)):
        var response = HTTPResponse.refusal(.movedPermanently, "see \(location)")
        response.headers.append("Location", location)
        handler.answer(response, to: head, context)
      case .success(.notFound):
        handler.answer(.refusal(.notFound, "there is no such file"), to: head, context)
      case .failure:
        // The pool takes no work: the process is on its way out.
        handler.answer(.refusal(.serviceUnavailable, "the server stops"), to: head, context)
      }
    }
  }

  private func answer(_ file: ServedFile) {
    var headers = HeaderFields()
    headers.append("ETag", file.facts.entityTag)
    headers.append("Last-Modified", file.facts.lastModified)
    // A copy is used again only after asking whether it still holds, which the ETag makes cheap.
    headers.append("Cache-Control", "no-cache")
    switch StaticFileAnswer(
      facts: file.facts, headers: head.headers, isHead: head.method == "HEAD")
    {
    case .notModified:
      handler.answer(HTTPResponse(.notModified, headers: headers), to: head, context)
    case .preconditionFailed:
      handler.answer(HTTPResponse(.preconditionFailed, headers: headers), to: head, context)
    case .rangeNotSatisfiable:
      headers.append("Content-Range", "bytes */\(file.facts.size)")
      handler.answer(HTTPResponse(.rangeNotSatisfiable, headers: headers), to: head, context)
    case .whole:
      send(.ok, file, 0..<file.facts.size, headers)
    case .part(let range):
      headers.append(
        "Content-Range", "bytes \(range.lowerBound)-\(range.upperBound)/\(file.facts.size)")
      send(.partialContent, file, range.lowerBound..<range.upperBound + 1, headers)
    }
  }

  private func send(
    _ status: HTTPStatus, _ file: ServedFile, _ range: Range<Int64>, _ headers: HeaderFields
  ) {
    var headers = headers
    headers.append("Content-Type", file.contentType)
    headers.append("Accept-Ranges", "bytes")
    // Files are what their names say, not what a browser makes of their bytes.
    headers.append("X-Content-Type-Options", "nosniff")
    let closes = handler.closes(after: head)
    let bytes = HTTPResponseEncoder.head(
      status, headers: headers, contentLength: range.count, closes: closes,
      serverName: handler.setup.configuration.serverName, date: wallClockSeconds())
    handler.write(bytes, context) {
      if head.method == "HEAD" {
        handler.answered(closes: closes, context)
      } else {
        stream(file, range, closes: closes)
      }
    }
  }

  private func stream(_ file: ServedFile, _ range: Range<Int64>, closes: Bool) {
    guard !range.isEmpty else { return handler.answered(closes: closes, context) }
    let count = min(Self.chunkBytes, range.count)
    onPool {
      try file.read(from: range.lowerBound, count: count)
    } then: { result in
      guard case .success(let bytes) = result, bytes.readableBytes > 0 else {
        // The file shrank or its disk failed. The length is promised: only closing tells the client.
        return handler.finish(context)
      }
      handler.write(bytes, context) {
        stream(file, range.dropFirst(bytes.readableBytes), closes: closes)
      }
    }
  }

  /// Runs blocking work on the thread pool and `then` back on the event loop, unless the connection is gone by then.
  private func onPool<Value: Sendable>(
    _ work: @escaping @Sendable () throws -> Value,
    then: @escaping (Result<Value, any Error>) -> Void
  ) {
    handler.setup.threadPool.runIfActive(eventLoop: context.eventLoop, work)
      .assumeIsolated().whenComplete { result in
        if handler.phase == .answering { then(result) }
      }
  }
}
