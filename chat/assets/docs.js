// The page at /docs: Swagger over this server's own description of itself.
"use strict";
window.SwaggerUIBundle({ url: "/openapi.json", dom_id: "#swagger", deepLinking: true, validatorUrl: null, tryItOutEnabled: true });
