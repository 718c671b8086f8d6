// The widget asks for a token before each request: whoever is signed in to the shop is known to the assistant too.
window.Namedrop = { token: async () => (await fetch("/chat-token")).text() };
