import HookupCore

/// What one connection of a chat server says, from its first message to its end, handed to the hub in order.
struct ChatConversation {
  let connection: ServerConnection
  let hub: ChatHub

  func run(fallback: ClientID) async {
    let link = ChatClientLink(
      key: ChatConnectionKey(connection.id.number), connection: connection,
      outstandingCommands: hub.outstandingCommands)
    hub.connect(link, fallback: fallback)
    await listen(link)
    hub.disconnect(link)
  }

  private func listen(_ link: ChatClientLink) async {
    var last: UInt64 = 0
    for await event in connection.events {
      guard let (content, acknowledgement) = event.message else { continue }
      await link.gate.enter()
      last += 1
      hub.receive(link, CommandTicket(last), Self.command(content), acknowledgement)
    }
  }

  private static func command(_ content: Message.Content) -> Result<ChatCommand, ChatRefusal> {
    guard case .json(let json) = content else {
      return .failure(ChatRefusal(.badCommand, "the chat protocol speaks JSON objects"))
    }
    do {
      return .success(try ChatCommand(json: json))
    } catch {
      return .failure(error)
    }
  }
}

extension ServerEvent {
  /// What a client said, and the right to confirm it when it waits for that.
  fileprivate var message: (Message.Content, Acknowledgement?)? {
    switch self {
    case .text(let text): (.text(text), nil)
    case .json(let json): (.json(json), nil)
    case .binary(let bytes): (.binary(bytes), nil)
    case .request(let content, let acknowledgement): (content, acknowledgement)
    default: nil
    }
  }
}
