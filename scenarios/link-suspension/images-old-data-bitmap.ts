import { imagesOfASplit } from "../shared/images-of-a-split.ts";

export default imagesOfASplit("old-data", "bitmap");
