/// The media type of a file by the end of its name.
enum ContentType {
  static func of(_ name: String) -> String {
    guard let dot = name.utf8.lastIndex(of: UInt8(ascii: ".")) else { return unknown }
    let ending = String(
      decoding: name.utf8[name.utf8.index(after: dot)...].map(lowercased), as: UTF8.self)
    return table[ending] ?? unknown
  }

  private static let unknown = "application/octet-stream"

  private static let table = [
    "aac": "audio/aac", "avif": "image/avif", "bin": unknown, "bmp": "image/bmp",
    "css": "text/css; charset=utf-8", "csv": "text/csv; charset=utf-8",
    "eot": "application/vnd.ms-fontobject",
    "flac": "audio/flac", "gif": "image/gif", "gz": "application/gzip",
    "htm": "text/html; charset=utf-8", "html": "text/html; charset=utf-8", "ico": "image/x-icon",
    "jpeg": "image/jpeg", "jpg": "image/jpeg", "js": "text/javascript; charset=utf-8",
    "json": "application/json", "jsonld": "application/ld+json", "map": "application/json",
    "md": "text/markdown; charset=utf-8", "mid": "audio/midi",
    "mjs": "text/javascript; charset=utf-8",
    "mp3": "audio/mpeg", "mp4": "video/mp4", "mpeg": "video/mpeg", "oga": "audio/ogg",
    "ogg": "audio/ogg", "ogv": "video/ogg", "opus": "audio/ogg", "otf": "font/otf",
    "pdf": "application/pdf", "png": "image/png", "rss": "application/rss+xml",
    "svg": "image/svg+xml", "tar": "application/x-tar", "tif": "image/tiff", "tiff": "image/tiff",
    "ttf": "font/ttf", "txt": "text/plain; charset=utf-8", "wasm": "application/wasm",
    "wav": "audio/wav", "weba": "audio/webm", "webm": "video/webm",
    "webmanifest": "application/manifest+json", "webp": "image/webp", "woff": "font/woff",
    "woff2": "font/woff2", "xhtml": "application/xhtml+xml", "xml": "application/xml",
    "zip": "application/zip",
  ]
}
