import { imagesOfASplit } from "../shared/images-of-a-split.ts";

export default imagesOfASplit("lsn", "bitmap");
