"""
LinkedIn's videos: open, parts, finalize, status.

Source: Videos API, read 2026-11-22. The ranges handed out are clipped to the file, though the
page's sample is not. Of a part that is sent again only the newest ETag counts; finalizing again
what is already being processed changes nothing (neither is documented).
"""

import datetime as dt
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from pellacia_service.sandbox.calls import Call, object_of, whole_number
from pellacia_service.sandbox.linkedin_gate import (
    PLATFORM,
    Endpoint,
    Gate,
    body_of,
    no_permission,
    not_found,
    refusal,
    speaks_for,
    wrong_field,
)
from pellacia_service.sandbox.uploads import NO_VIDEO, InAnyOrder, InOrder, Video
from pellacia_service.sandbox.world import Processing, Refusal, SandboxAccount

UPLOAD_HOST = "www.linkedin.com"
UPLOAD_LIFE = dt.timedelta(days=30)
PART = 4_194_304
LARGEST_VIDEO = 500 << 20
PROCESSING_SECONDS = 1.0

WRITERS = {"person_urn": "w_member_social", "organization_urn": "w_organization_social"}
"""The scope that acting as each needs."""
WRITE = frozenset(WRITERS.values())
READ = WRITE | {"r_organization_social"}

OUT_OF_ORDER = "The uploaded parts are not in the order of the upload instructions"


@dataclass
class Asset:
    """
    One video URN.

    Args:
        etags: of the newest sending of each part, without quotes.
        processing: set by finalize. video: what the parts made, from then on.
    """

    urn: str
    owner: str
    account: SandboxAccount
    size: int
    token: str
    expires_at: dt.datetime
    parts: InAnyOrder = field(default_factory=InAnyOrder)
    etags: dict[int, str] = field(default_factory=dict)
    processing: Processing | None = None
    video: Video = NO_VIDEO

    @property
    def count(self) -> int:
        """How many parts it has."""
        return -(-self.size // PART)

    def range(self, index: int) -> tuple[int, int]:
        """Return the first and the last byte, included, of a part."""
        return index * PART, min((index + 1) * PART, self.size) - 1

    def status(self, now: dt.datetime) -> str:
        """Return the status at this moment."""
        if self.processing is None:
            return "WAITING_UPLOAD"
        if self.processing.until > now:
            return "PROCESSING"
        return "PROCESSING_FAILED" if self.processing.failure else "AVAILABLE"


class Videos:
    """The calls on videos. Keeps the assets."""

    def __init__(self, gate: Gate) -> None:
        self._world = gate.world
        self._gate = gate
        self._assets: dict[str, Asset] = {}
        self._world.on_reset(self.forget)

    def routes(self) -> list[Route]:
        """Return the calls; the uploads want no token."""
        calls = [
            Endpoint("POST", "/rest/videos", WRITE, self.act),
            Endpoint("GET", "/rest/videos/{urn}", READ, self.show),
        ]
        uploads = f"/{UPLOAD_HOST}/dms-uploads/sp/{{video}}"
        return [
            *(self._gate.route(endpoint) for endpoint in calls),
            Route(f"{uploads}/uploaded-video/{{index:int}}", self.put, methods=["PUT"]),
            Route(f"{uploads}/thumbnail", self.put_thumbnail, methods=["PUT"]),
        ]

    def forget(self) -> None:
        """Drop all assets."""
        for asset in self._assets.values():
            asset.parts.forget()
        self._assets.clear()

    def find(self, urn: object) -> Asset | None:
        """Return the asset of a URN."""
        return self._assets.get(str(urn))

    async def act(self, call: Call) -> Response:
        """Carry out `?action=`."""
        actions = {"initializeUpload": self._initialize, "finalizeUpload": self._finalize}
        action = actions.get(call.query("action"))
        if action is None:
            raise refusal(400, "ILLEGAL_ARGUMENT", "Parameter 'action' is invalid")
        body = await body_of(call)
        name = f"{call.query('action')}Request"
        if not isinstance(body.get(name), dict):
            raise wrong_field("MISSING_FIELD", name, "field is required but not found")
        return action(call, object_of(body[name]))

    async def show(self, call: Call) -> Response:
        """Show a video and how far it is."""
        asset = self.find(call.path("urn"))
        if asset is None:
            raise not_found(call.path("urn"))
        if asset.account is not call.account:
            message = (
                "Accessing this video resource is forbidden. "
                "Please check your permissions for this resource"
            )
            raise Refusal(403, {"message": message, "status": 403})
        status = asset.status(self._world.clock.now())
        shown: dict[str, object] = {"id": asset.urn, "owner": asset.owner, "status": status}
        if status == "PROCESSING_FAILED" and asset.processing:
            shown["processingFailureReason"] = asset.processing.failure
        return JSONResponse(shown)

    async def put(self, request: Request) -> Response:
        """Take one part. The answer's ETag is what finalize wants to hear."""
        asset, index = self._asset_of_upload(request), request.path_params["index"]
        if index >= asset.count or asset.processing is not None:
            raise Refusal(404, "")
        first, last = asset.range(index)
        length = last - first + 1
        if request.headers.get("content-length") != str(length):
            raise Refusal(400, f"This part has {length} bytes: {first} to {last}")
        if not await asset.parts.take(index, request.stream(), length=length):
            raise Refusal(400, "The part broke off")
        asset.etags[index] = f"/ambry-video/signedId/{self._world.word(32)}.bin"
        return Response(status_code=200, headers={"ETag": f'"{asset.etags[index]}"'})

    async def put_thumbnail(self, request: Request) -> Response:
        """Take a thumbnail and look at nothing but its header."""
        self._asset_of_upload(request)
        if request.headers.get("media-type-family") != "STILLIMAGE":
            raise Refusal(400, "media-type-family must be STILLIMAGE")
        length = int(request.headers.get("content-length", "0"))
        if not await InOrder().take(request, length=length):
            raise Refusal(400, "The thumbnail broke off")
        return Response(status_code=201)

    def _initialize(self, call: Call, asked: dict[str, object]) -> Response:
        owner, size = asked.get("owner"), whole_number(asked.get("fileSizeBytes"))
        if not isinstance(owner, str):
            raise wrong_field("MISSING_FIELD", "owner", "field is required but not found")
        if not speaks_for(call, owner, WRITERS):
            raise no_permission(call, "partnerApiVideos.INITIALIZE_UPLOAD")
        if size is None or not 0 < size <= LARGEST_VIDEO:
            message = f"must lie between 1 and {LARGEST_VIDEO}"
            raise wrong_field("INVALID_VALUE_FOR_FIELD", "fileSizeBytes", message)
        asset = Asset(
            urn=f"urn:li:video:C5F{self._world.word(8)}",
            owner=owner,
            account=call.account,
            size=size,
            token=self._world.word(12),
            expires_at=self._world.clock.now() + UPLOAD_LIFE,
        )
        self._assets[asset.urn] = asset
        return JSONResponse({"value": self._instructions(asset, asked)})

    def _instructions(self, asset: Asset, asked: dict[str, object]) -> dict[str, object]:
        place = self._world.address(UPLOAD_HOST, f"/dms-uploads/sp/{asset.urn.rpartition(':')[2]}")
        value: dict[str, object] = {
            "video": asset.urn,
            "uploadToken": asset.token,
            "uploadUrlsExpireAt": int(asset.expires_at.timestamp() * 1000),
            "uploadInstructions": [
                {
                    "uploadUrl": f"{place}/uploaded-video/{index}",
                    "firstByte": asset.range(index)[0],
                    "lastByte": asset.range(index)[1],
                }
                for index in range(asset.count)
            ],
        }
        if asked.get("uploadThumbnail") is True:
            value["thumbnailUploadUrl"] = f"{place}/thumbnail"
        return value

    def _finalize(self, call: Call, asked: dict[str, object]) -> Response:
        asset = self.find(asked.get("video"))
        if asset is None or asset.account is not call.account:
            raise wrong_field("INVALID_VIDEO_ID", "video", "no such video of this owner")
        if asset.processing is None:
            self._begin(asset, _check_parts(asset, asked, self._world.clock.now()))
        return Response(status_code=200)

    def _begin(self, asset: Asset, part_ids: list[str]) -> None:
        asset.video = asset.parts.close()
        asset.processing = self._world.begin_processing(PLATFORM, PROCESSING_SECONDS)
        if part_ids != [asset.etags[index] for index in sorted(asset.etags)]:
            asset.processing.failure = OUT_OF_ORDER
        elif not asset.video.is_mp4:
            asset.processing.failure = asset.processing.failure or "The file is not a valid video"

    def _asset_of_upload(self, request: Request) -> Asset:
        asset = self.find(f"urn:li:video:{request.path_params['video']}")
        if asset is None:
            raise Refusal(404, "")
        if asset.expires_at <= self._world.clock.now():
            raise Refusal(403, "The upload URL has expired")
        return asset


def _check_parts(asset: Asset, asked: dict[str, object], now: dt.datetime) -> list[str]:
    """Return the ETags as they were sent, without quotes, where each part has its own in any order."""
    if asset.expires_at <= now:
        raise refusal(400, "EXPIRED_UPLOAD_URL", "The upload URLs of this video have expired")
    if asked.get("uploadToken") != asset.token:
        message = "is not the token that initializeUpload gave"
        raise wrong_field("INVALID_VALUE_FOR_FIELD", "uploadToken", message)
    sent = asked.get("uploadedPartIds")
    ids = [str(one).strip('"') for one in sent] if isinstance(sent, list) else []
    if len(asset.etags) != asset.count or sorted(ids) != sorted(asset.etags.values()):
        message = f"must name each of the {asset.count} uploaded parts once"
        raise wrong_field("INVALID_VALUE_FOR_FIELD", "uploadedPartIds", message)
    return ids
